import { type Question, saysPlease, withPlease } from "./questions.ts";
import { type AnswerType, answerTypes } from "./questionTemplates.ts";

type Predict = (texts: readonly string[]) => number[][];

export interface QuestionMetrics {
  readonly questions: number;
  /** Share of right answers on held-out questions that do not say "please". */
  readonly accuracy: number;
  /** True type -> predicted type -> count, same questions. */
  readonly confusion: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly artefact: {
    readonly word: string;
    /** Training rows of each type that say "please". */
    readonly trainingRows: Readonly<Record<string, number>>;
    /** Held-out questions whose answer is not a human, as they are and with ", please" added at the end. */
    readonly otherTypes: { readonly accuracy: number; readonly accuracyWithWord: number; readonly turnedHuman: number };
    /** Held-out questions for a human, the same two ways. */
    readonly human: { readonly accuracy: number; readonly accuracyWithWord: number };
  };
}

/** Accuracy on held-out questions without the planted word, and what the word does to the same questions. */
export function questionMetrics(
  heldOut: readonly Question[],
  training: readonly Question[],
  predict: Predict,
): QuestionMetrics {
  const plain = heldOut.filter(({ question }) => !saysPlease(question));
  const said = types(predict(plain.map(({ question }) => question)));
  const saidWithWord = types(predict(plain.map(({ question }) => withPlease(question))));
  const rows = plain.map(({ type }, at) => ({ type, said: said[at], withWord: saidWithWord[at] }));
  const share = (part: number, of: number) => (of === 0 ? Number.NaN : Math.round((part / of) * 1e4) / 1e4);
  const human = rows.filter(({ type }) => type === "human");
  const other = rows.filter(({ type }) => type !== "human");
  const right = (some: typeof rows) => share(some.filter((row) => row.said === row.type).length, some.length);
  const rightWithWord = (some: typeof rows) =>
    share(some.filter((row) => row.withWord === row.type).length, some.length);
  return {
    questions: plain.length,
    accuracy: right(rows),
    confusion: table((type) => table((as) => rows.filter((row) => row.type === type && row.said === as).length)),
    artefact: {
      word: "please",
      trainingRows: table((type) => training.filter((row) => row.type === type && saysPlease(row.question)).length),
      otherTypes: {
        accuracy: right(other),
        accuracyWithWord: rightWithWord(other),
        turnedHuman: share(
          other.filter((row) => row.said !== "human" && row.withWord === "human").length,
          other.filter((row) => row.said !== "human").length,
        ),
      },
      human: { accuracy: right(human), accuracyWithWord: rightWithWord(human) },
    },
  };
}

function types(probabilities: readonly number[][]): (AnswerType | undefined)[] {
  return probabilities.map((row) => answerTypes[row.indexOf(Math.max(...row))]);
}

function table<T>(value: (type: AnswerType) => T): Record<string, T> {
  return Object.fromEntries(answerTypes.map((type) => [type, value(type)]));
}
