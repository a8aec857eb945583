import { randomUUID } from "node:crypto";
import type * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import type { Explanation } from "../protocol/explanation.ts";
import type { WhatIfState } from "../protocol/panel.ts";
import type { WhatIfAnswer, WhatIfEdit, WhatIfMeasured } from "../protocol/whatIf.ts";
import { errorViewOf } from "./errorView.ts";

/** What is known of an explanation here. */
type Explained = Pick<Explanation, "runId" | "attributions">;

interface Compute {
  call(
    method: "whatIf",
    params: { runId: string; edits: WhatIfEdit[] },
    options: { signal?: AbortSignal | undefined },
  ): Promise<WhatIfAnswer>;
}

/**
 * The edits that are kept in a panel, each measured once for the run that is shown. Where the same text is explained
 * anew, for another target or baseline, they are measured again; with another text they go.
 */
export class PanelWhatIf implements vscode.Disposable {
  readonly #compute: Compute;
  readonly #onChange: (state: WhatIfState | null) => void;
  #explanation: Explained | null = null;
  #items: WhatIfState["items"] = [];
  #original: WhatIfState["original"] = null;
  #error: WhatIfState["error"] = null;
  #abort: AbortController | undefined;

  constructor(compute: Compute, onChange: (state: WhatIfState | null) => void) {
    this.#compute = compute;
    this.#onChange = onChange;
  }

  /** What is shown now, once nothing will change it any more; null while a run goes on. */
  follow(explanation: Explained | null): void {
    if (explanation === null || explanation.runId === this.#explanation?.runId) return;
    const before = this.#explanation;
    this.#abort?.abort();
    this.#abort = undefined;
    this.#explanation = explanation;
    this.#original = null;
    this.#error = null;
    this.#items =
      before !== null && textKey(before) === textKey(explanation)
        ? this.#items.map((item) => ({ ...item, result: null }))
        : [];
    this.#tell();
    void this.#measure();
  }

  async add(runId: string, edit: WhatIfEdit): Promise<void> {
    // The panel may be a moment behind.
    if (runId !== this.#explanation?.runId) return;
    const known = this.#items.some((item) => JSON.stringify(item.edit) === JSON.stringify(edit));
    if (!known) this.#items = [...this.#items, { id: randomUUID(), edit, result: null }];
    this.#tell();
    await this.#measure();
  }

  remove(id: string): void {
    this.#items = this.#items.filter((item) => item.id !== id);
    if (this.#items.every(({ result }) => result !== null)) this.#error = null;
    this.#tell();
  }

  /** Stops measuring; what is not measured is not kept. */
  cancel(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#items = this.#items.filter(({ result }) => result !== null);
    this.#tell();
  }

  /** What was measured of an edit. */
  measured(id: string): WhatIfMeasured | undefined {
    const result = this.#items.find((item) => item.id === id)?.result;
    return result?.kind === "measured" ? result : undefined;
  }

  dispose(): void {
    this.#abort?.abort();
  }

  /** One call at a time, for all that waits; a failure is the panel's to show. */
  async #measure(): Promise<void> {
    if (this.#abort !== undefined) return;
    const runId = this.#explanation?.runId;
    const waiting = this.#items.filter(({ result }) => result === null);
    if (runId === undefined || waiting.length === 0) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.#error = null;
    this.#tell();
    try {
      const edits = waiting.map(({ edit }) => edit);
      const answer = await this.#compute.call("whatIf", { runId, edits }, { signal: abort.signal });
      if (this.#abort !== abort) return;
      const found = new Map(waiting.map(({ id }, index) => [id, answer.results[index] ?? null]));
      this.#original = answer.original;
      this.#items = this.#items.map((item) => ({ ...item, result: item.result ?? found.get(item.id) ?? null }));
    } catch (error) {
      if (this.#abort !== abort) return;
      // Without an error the edits would wait for ever.
      if (!(error instanceof PathlightError && error.code === "cancelled")) this.#error = errorViewOf(error);
    }
    this.#abort = undefined;
    this.#tell();
    // What was asked for meanwhile.
    if (this.#error === null && this.#items.some(({ result }) => result === null)) await this.#measure();
  }

  #tell(): void {
    const explanation = this.#explanation;
    const hasText = explanation?.attributions.some(({ kind }) => kind === "text") ?? false;
    const { runId } = explanation ?? {};
    const [original, items, error] = [this.#original, this.#items, this.#error];
    const busy = this.#abort !== undefined;
    this.#onChange(runId === undefined || !hasText ? null : { runId, original, items, busy, error });
  }
}

/** Equal for explanations of the same tokens by models that read the same inputs. */
function textKey({ attributions }: Explained): string {
  return JSON.stringify(
    attributions.map((attribution) =>
      attribution.kind === "text"
        ? [attribution.input, attribution.text, attribution.tokens.map(({ id }) => id)]
        : [attribution.input],
    ),
  );
}
