import type { Explanation, Token } from "../../protocol/explanation.ts";
import type { MatrixFigures, TokenMatrix } from "../../protocol/tokenMatrix.ts";
import type { RunPlan } from "../runPlan.ts";
import type { Generation } from "./generation.ts";
import { promptTokens } from "./prefix.ts";

/**
 * The matrix of a text that a model wrote: a row for each token of it, filled as they are explained. Columns are the tokens
 * of the source (padding is one column, and none where it is the same as in the baseline), then what had been written
 * before where that is explained too.
 */
export class SequenceMatrix {
  readonly #generation: Generation;
  readonly #rows: readonly Token[];
  readonly #columns: readonly Token[];
  /** Columns of the source: its tokens, then padding. */
  readonly #read: number;
  readonly #padColumn: number | null;
  readonly #withPrefix: boolean;
  readonly #texts: { readonly row: string; readonly column: string };
  readonly #value: string;
  readonly #values: Float32Array;
  readonly #errors: Float32Array;
  readonly #figures: (MatrixFigures | null)[];
  #errorsKnown = true;

  /** `plan`: of any of the rows. */
  constructor(generation: Generation, plan: RunPlan) {
    const { source, endId, kind } = generation;
    const explained = plan.explained.find(({ input, prepared }) => input === source.id && prepared.kind === "text");
    const prepared = explained?.prepared;
    this.#generation = generation;
    this.#rows = plan.produced?.tokens ?? [];
    this.#withPrefix = plan.settings.explainPrefix === true;
    const all = prepared?.kind === "text" ? prepared.encoded.tokens : [];
    const tokens =
      prepared?.kind !== "text"
        ? []
        : kind === "decoder-only"
          ? promptTokens(prepared, endId).slice(0, all.filter(isRead).length - (plan.target.index ?? 0))
          : all.filter(isRead);
    const pad = all.find(({ special }) => special === "pad");
    this.#padColumn = pad !== undefined && explained !== undefined && padsMove(explained, all) ? tokens.length : null;
    const sources = this.#padColumn === null || pad === undefined ? tokens : [...tokens, pad];
    this.#read = tokens.length;
    this.#columns = this.#withPrefix ? [...sources, ...this.#rows.slice(0, -1)] : sources;
    const columnText = prepared?.kind === "text" ? prepared.text : "";
    const produced = plan.produced?.text ?? "";
    // What was written stands behind the text that it continues.
    const cut = kind === "decoder-only" ? Math.max(0, ...tokens.map(({ end }) => end)) : columnText.length;
    this.#texts = { row: produced, column: columnText.slice(0, cut) };
    this.#value = plan.settings.link === "logit" ? "logit" : "probability";
    this.#values = new Float32Array(this.#rows.length * this.#columns.length);
    this.#errors = new Float32Array(this.#values.length);
    this.#figures = this.#rows.map(() => null);
  }

  /** Enters the explanation of one produced token. */
  add(row: number, explanation: Explanation): void {
    const width = this.#columns.length;
    for (const attribution of explanation.attributions) {
      if (attribution.kind !== "text") continue;
      this.#errorsKnown &&= attribution.cellErrors !== null;
      const columns = this.#columnsOf(attribution.input, attribution.tokens);
      for (const [position, column] of columns.entries()) {
        if (column === null) continue;
        const at = row * width + column;
        this.#values[at] = (this.#values[at] ?? 0) + (attribution.values[position] ?? 0);
        this.#errors[at] = (this.#errors[at] ?? 0) + (attribution.cellErrors?.[position] ?? 0);
      }
    }
    const { score, deltaF, sum, completenessError, featureError, status, evaluations } = explanation;
    this.#figures[row] = {
      score: score.input,
      deltaF,
      sum,
      completenessError: { ...completenessError },
      featureError,
      status,
      evaluations,
    };
  }

  matrix(): TokenMatrix {
    const { kind } = this.#generation;
    const sources = this.#read + (this.#padColumn === null ? 0 : 1);
    const parts = [
      { label: kind === "decoder-only" ? "Text" : "Source", start: 0, end: sources },
      { label: "Written before", start: sources, end: this.#columns.length },
    ];
    return {
      kind: "sequence",
      axes: {
        rows: "written token",
        columns: kind === "decoder-only" ? "token read" : "source token",
        value: this.#value,
      },
      rowText: this.#texts.row,
      columnText: this.#texts.column,
      rows: [...this.#rows],
      columns: [...this.#columns],
      parts: this.#withPrefix ? parts : [],
      values: Float32Array.from(this.#values),
      cellErrors: this.#errorsKnown ? Float32Array.from(this.#errors) : null,
      rowFigures: [...this.#figures],
      reads: this.#withPrefix ? this.#rows.map((_, row) => sources + row) : [],
      total: null,
    };
  }

  /** For each position of an attribution, its column; null where it has none, being held. */
  #columnsOf(input: string, tokens: readonly Token[]): (number | null)[] {
    const { source, target, kind, startId } = this.#generation;
    const sources = this.#read + (this.#padColumn === null ? 0 : 1);
    const written = (at: number): number | null => (this.#withPrefix && at >= 0 ? sources + at : null);
    let at = 0;
    return tokens.map((token) => {
      if (!isRead(token)) return input === source.id ? this.#padColumn : null;
      const index = at++;
      if (input === source.id && index < this.#read) return index;
      if (kind === "decoder-only") return written(index - this.#read);
      // The decoder starts from a token that nobody wrote.
      return input === target.id && startId !== null ? written(index - 1) : null;
    });
  }
}

function isRead({ special }: Token): boolean {
  return special !== "pad";
}

/** Whether padding differs from the baseline, and so has attributions. */
function padsMove({ x, baseline }: RunPlan["explained"][number], tokens: readonly Token[]): boolean {
  const dimensions = x.length / tokens.length;
  return x.some((value, i) => value !== baseline[i] && tokens[Math.floor(i / dimensions)]?.special === "pad");
}
