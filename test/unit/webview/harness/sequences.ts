import type { Explanation, Produced, TextAttribution, Token } from "../../../../src/protocol/explanation.ts";
import type { TokenMatrix } from "../../../../src/protocol/tokenMatrix.ts";
import { textExplanation } from "./scenes.ts";

/** Written texts and labelled ones. The date's values are those of the sample model, rounded. */

function tokensOf(text: string, words: readonly string[]): Token[] {
  let at = 0;
  return words.map((word, index) => {
    const start = text.indexOf(word, at);
    at = start + word.length;
    return { text: word, id: index + 3, start, end: at, special: "none", word: index };
  });
}

const iso = "1924-03-28";
const source = "on the 28th of March 1924";
const columns = tokensOf(source, ["on", "the", "2", "8", "th", "of", "March", "1", "9", "2", "4"]);
const written: Token[] = [
  ...tokensOf(iso, [...iso]),
  { text: "[END]", id: 2, start: 10, end: 10, special: "other", word: -1 },
];

const values: readonly (readonly number[])[] = [
  [-0.09, -0.19, -0.29, -0.26, 0.04, 0.15, 0.13, 1.27, 2.3, 0.64, -0.39],
  [0.21, 0.28, -0.01, 0.51, 0.33, 0.78, 0.1, 1.1, 3.42, -0.24, -0.26],
  [0.03, 0.15, 0.12, -0.08, 0.37, 0.69, -0.65, 1.89, 2.56, 7.85, -0.55],
  [-0.01, -0.02, -0.02, 0.01, -0.07, 0.0, -0.08, 0.52, 1.7, 2.05, 6.84],
  [0.15, 0.15, 0.12, -0.32, -0.07, -0.05, 0.04, -0.03, 0.15, 0.29, 0.21],
  [0.36, 0.24, -0.26, -0.65, 0.14, -0.03, 0.18, 0.19, 0.14, 0.22, 0.25],
  [-0.39, -0.48, -0.27, 1.22, 1.64, 2.27, 7.25, 0.57, 0.23, 0.15, -0.14],
  [0.11, 0.13, 0.15, -0.07, -0.0, 0.01, 0.04, 0.1, 0.16, 0.25, 0.19],
  [0.15, 0.38, 6.39, 2.02, 0.51, 0.81, 0.23, 0.07, 0.06, 0.02, 0.02],
  [-0.16, 0.08, 1.21, 12.46, 0.18, 0.49, 0.14, 0.24, -0.31, -0.4, -0.02],
  [0.08, -0.2, -1.21, 0.05, 0.23, -0.39, -0.01, -0.0, -0.02, -0.01, -0.04],
];

/** `known`: rows that are explained. `uncertain`: a row that is not good. */
export function dateMatrix(known = written.length, uncertain?: number): TokenMatrix {
  return {
    kind: "sequence",
    axes: { rows: "written token", columns: "source token", value: "logit" },
    rowText: iso,
    columnText: source,
    rows: written,
    columns,
    parts: [],
    values: Float32Array.from(values.flatMap((row, index) => row.map((value) => (index < known ? value : 0)))),
    cellErrors: Float32Array.from(
      values.flatMap((row, index) => row.map((value) => (index === uncertain ? 0.9 : 0.002 + 0.01 * Math.abs(value)))),
    ),
    rowFigures: values.map((row, index) => {
      if (index >= known) return null;
      const sum = row.reduce((total, value) => total + value, 0);
      const relative = index === uncertain ? 0.34 : 0.002;
      return {
        score: sum + 1,
        deltaF: sum,
        sum: sum * (1 + relative),
        completenessError: { absolute: Math.abs(sum) * relative, relative },
        featureError: 0.01,
        status: index === uncertain ? "budget" : "converged",
        evaluations: 57,
      };
    }),
    reads: [],
    total: null,
  };
}

/** A text with a row for every word and the prefix as columns, wider than any panel. */
export function longMatrix(): TokenMatrix {
  const french =
    "Le modèle lit la phrase avant de la traduire mot à mot en regardant ce qu’ il vient d’ écrire .".split(" ");
  const english =
    "The model reads the sentence before it translates it word by word , looking at what it has just written .".split(
      " ",
    );
  const rows = tokensOf(english.join(" "), english);
  const read = tokensOf(french.join(" "), french);
  const all = [...read, ...rows.slice(0, -1)];
  const cells = rows.flatMap((_, row) =>
    all.map((_column, column) => {
      if (column >= read.length + row) return 0;
      const far = column < read.length ? Math.abs(column - row * 0.95) : Math.abs(column - read.length - row + 1) + 0.6;
      return 3.2 * Math.exp(-far) - 0.35 * Math.sin(column * 7 + row * 3);
    }),
  );
  return {
    ...dateMatrix(),
    axes: { rows: "written token", columns: "token read", value: "logit" },
    rowText: english.join(" "),
    columnText: french.join(" "),
    rows,
    columns: all,
    parts: [
      { label: "Text", start: 0, end: read.length },
      { label: "Written before", start: read.length, end: all.length },
    ],
    values: Float32Array.from(cells),
    cellErrors: Float32Array.from(cells, (value) => 0.1 + 0.03 * Math.abs(value)),
    rowFigures: rows.map((_, row) => ({
      score: 5,
      deltaF: 4,
      sum: 4.01,
      completenessError: { absolute: 0.01, relative: 0.001 + 0.0007 * row },
      featureError: 0.02,
      status: "converged",
      evaluations: 65,
    })),
    reads: rows.map((_, row) => read.length + row),
  };
}

const produced: Produced = { text: iso, tokens: written, ended: true };

export function dateExplanation(matrix: TokenMatrix | undefined, change: Partial<Explanation> = {}): Explanation {
  const row = Float32Array.from(values[6] ?? []);
  const deltaF = row.reduce((sum, value) => sum + value, 0);
  const attribution: TextAttribution = {
    kind: "text",
    input: "encoder_ids",
    shape: [columns.length],
    text: source,
    truncatedFrom: null,
    gap: null,
    fields: [{ name: "date", start: 0, end: source.length }],
    tokens: columns,
    values: row,
    gradient: row.map((value) => value * 0.6),
    cellErrors: row.map((value) => 0.002 + Math.abs(value) * 0.01),
  };
  return {
    ...textExplanation(),
    runId: "run-date",
    model: { ...textExplanation().model, name: "dates" },
    sample: { title: "dates.jsonl : row 13", path: "/data/samples/dates.jsonl", row: 12 },
    target: { index: 6, label: "3", output: "characters", link: "logit" },
    baseline: { spec: { kind: "name", name: "pad" }, label: "PAD token" },
    predictions: written.map(({ text }, index) => ({ index, label: text, score: 0.999 - index * 0.004, logit: 11 })),
    score: { input: deltaF + 0.4, baseline: 0.4 },
    deltaF,
    sum: deltaF + 0.01,
    completenessError: { absolute: 0.01, relative: 0.0008 },
    featureError: 0.009,
    attributions: [attribution],
    warnings: [],
    produced,
    ...(matrix === undefined ? {} : { matrix }),
    ...change,
  };
}

/** A sentence whose words are labelled as names or not. */
export function labelledExplanation(): Explanation {
  const text = "Ada Lovelace met Charles Babbage in London";
  const words = ["Ada", "Love", "lace", "met", "Charles", "Babb", "age", "in", "London"];
  const special = (name: string, id: number, at: number): Token => {
    return { text: name, id, start: at, end: at, special: "other", word: -1 };
  };
  const tokens = [special("[CLS]", 101, 0), ...tokensOf(text, words), special("[SEP]", 102, text.length)];
  const labels = ["O", "B-PER", "I-PER", "I-PER", "O", "B-PER", "I-PER", "I-PER", "O", "B-LOC", "O"];
  const row = Float32Array.of(0.1, 3.2, 1.1, 0.4, 0.9, -0.3, 0.1, 0.05, -0.1, 0.2, 0.02);
  const deltaF = row.reduce((sum, value) => sum + value, 0);
  const [first] = textExplanation().attributions;
  if (first?.kind !== "text") throw new Error("The text scene has a text.");
  return {
    ...textExplanation(),
    runId: "run-labels",
    target: { index: 1, label: "B-PER", output: "logits", link: "logit", position: 1 },
    predictions: ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"].map((label, index) => ({
      index,
      label,
      score: [0.02, 0.95, 0.02, 0.007, 0.003][index] ?? 0,
      logit: [1, 5, 1, 0, -1][index] ?? 0,
    })),
    score: { input: deltaF + 0.1, baseline: 0.1 },
    deltaF,
    sum: deltaF,
    attributions: [
      {
        ...first,
        shape: [tokens.length],
        text,
        truncatedFrom: null,
        tokens,
        values: row,
        gradient: null,
        cellErrors: row.map((value) => 0.01 * Math.abs(value)),
      },
    ],
    warnings: [],
    positions: labels.map((label, position) => ({
      position,
      index: ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"].indexOf(label),
      label,
      score: 0.95 - position * 0.02,
    })),
  };
}
