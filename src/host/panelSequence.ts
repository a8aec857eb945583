import { PathlightError } from "../common/errors.ts";
import type { SequenceEvent } from "../protocol/compute.ts";
import type { ExplainRequest } from "../protocol/explain.ts";
import type { Shown } from "../protocol/panel.ts";
import type { TokenMatrix } from "../protocol/tokenMatrix.ts";
import type { ComputeProcess } from "./computeProcess.ts";

/**
 * The rows of a written text, explained one after the other: at most one at a time, in the background of a panel. What is
 * known of a question stays while only the token changes that is shown by itself.
 */
export class PanelSequence {
  readonly #compute: ComputeProcess;
  readonly #onChange: () => void;
  #abort: AbortController | undefined;
  #key = "";
  #matrix: TokenMatrix | null = null;
  #progress: { readonly done: number; readonly of: number } | null = null;
  #stopped = false;

  constructor(compute: ComputeProcess, onChange: () => void) {
    this.#compute = compute;
    this.#onChange = onChange;
  }

  /** Null while none is under way. */
  get progress(): { readonly done: number; readonly of: number } | null {
    return this.#progress;
  }

  /** A question is asked: rows of another one are forgotten, and what computes makes room for it. */
  turnTo(request: ExplainRequest | undefined): void {
    this.pause();
    const key = request === undefined ? "" : keyOf(request);
    if (key === this.#key) return;
    this.#key = key;
    this.#matrix = null;
    this.#stopped = false;
  }

  /** An explanation of an earlier day brings its matrix with it. */
  take(matrix: TokenMatrix | undefined): void {
    this.#matrix = matrix ?? null;
  }

  /** What is shown, with the rows that are known. */
  with(shown: Shown | null): Shown | null {
    if (shown === null || shown.explanation.produced === undefined || this.#matrix === null) return shown;
    return { ...shown, explanation: { ...shown.explanation, matrix: this.#matrix } };
  }

  /** Whether rows are missing, and nobody has said that they may. */
  wanted(shown: Shown | null): boolean {
    const produced = shown?.explanation.produced;
    return produced !== undefined && !this.#stopped && !this.#isComplete && this.#abort === undefined;
  }

  /** Computes the rows that are missing; true when all are there. `onRow`: one more is. */
  async run(request: ExplainRequest, onRow: () => void): Promise<boolean> {
    this.pause();
    const abort = new AbortController();
    this.#abort = abort;
    this.#stopped = false;
    const mine = (): boolean => this.#abort === abort;
    const onEvent = (event: SequenceEvent): void => {
      if (!mine() || event.type !== "matrix") return;
      this.#progress = { done: event.done, of: event.of };
      // Rows that are known already come again, first ones first.
      if (rowsOf(event.matrix) >= rowsOf(this.#matrix)) {
        this.#matrix = own(event.matrix);
        onRow();
      }
      this.#onChange();
    };
    try {
      const { matrix } = await this.#compute.call("explainSequence", request, { signal: abort.signal, onEvent });
      if (!mine()) return false;
      this.#matrix = own(matrix);
      return true;
    } catch (error) {
      if (error instanceof PathlightError && error.code === "cancelled") return false;
      throw error;
    } finally {
      if (mine()) this.#end();
    }
  }

  /** Ends what computes; it may go on later. */
  pause(): void {
    this.#abort?.abort();
    if (this.#abort !== undefined) this.#end();
  }

  /** Ends what computes until somebody asks for it again. */
  cancel(): void {
    if (this.#abort !== undefined) this.#stopped = true;
    this.pause();
  }

  get #isComplete(): boolean {
    return this.#matrix?.rowFigures.every((figures) => figures !== null) ?? false;
  }

  #end(): void {
    this.#abort = undefined;
    this.#progress = null;
    this.#onChange();
  }
}

/** The question without the token that is shown by itself. */
function keyOf(request: ExplainRequest): string {
  return JSON.stringify({ ...request, settings: { ...request.settings, target: null } });
}

function rowsOf(matrix: TokenMatrix | null): number {
  return matrix?.rowFigures.filter((figures) => figures !== null).length ?? 0;
}

/** With arrays of its own; see `compactExplanation`. */
function own(matrix: TokenMatrix): TokenMatrix {
  return { ...matrix, values: matrix.values.slice(), cellErrors: matrix.cellErrors?.slice() ?? null };
}
