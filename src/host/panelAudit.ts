import { PathlightError } from "../common/errors.ts";
import type { AuditProgress } from "../protocol/audit.ts";
import type { Explanation } from "../protocol/explanation.ts";
import type { ComputeProcess } from "./computeProcess.ts";

/** The audit of one panel: at most one at a time, with its progress. */
export class PanelAudit {
  readonly #compute: ComputeProcess;
  readonly #onChange: () => void;
  #abort: AbortController | undefined;
  #progress: AuditProgress | null = null;

  constructor(compute: ComputeProcess, onChange: () => void) {
    this.#compute = compute;
    this.#onChange = onChange;
  }

  /** Null while none is under way. */
  get progress(): AuditProgress | null {
    return this.#progress;
  }

  get isRunning(): boolean {
    return this.#abort !== undefined;
  }

  /** The run with what was found; null when it was cancelled, or when one is under way already. */
  async run(runId: string): Promise<Explanation | null> {
    if (this.#abort !== undefined) return null;
    const abort = new AbortController();
    const mine = (): boolean => this.#abort === abort;
    this.#abort = abort;
    this.#tell({ done: 0, total: 0, what: "", seconds: 0 });
    try {
      const { signal } = abort;
      const onEvent = (progress: AuditProgress): void => {
        if (mine()) this.#tell(progress);
      };
      const explanation = await this.#compute.call("audit", { runId }, { signal, onEvent });
      return mine() ? explanation : null;
    } catch (error) {
      if (error instanceof PathlightError && error.code === "cancelled") return null;
      throw error;
    } finally {
      if (mine()) this.#end();
    }
  }

  cancel(): void {
    this.#abort?.abort();
    if (this.#abort !== undefined) this.#end();
  }

  #end(): void {
    this.#abort = undefined;
    this.#tell(null);
  }

  #tell(progress: AuditProgress | null): void {
    this.#progress = progress;
    this.#onChange();
  }
}
