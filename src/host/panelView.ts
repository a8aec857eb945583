import type { ExplainRequest } from "../protocol/explain.ts";
import type { PanelState, Shown } from "../protocol/panel.ts";
import { comparisonOf } from "./comparison.ts";
import { errorViewOf } from "./errorView.ts";
import type { PanelMessages } from "./panelMessages.ts";
import type { PanelServices } from "./panelServices.ts";
import type { Subject } from "./subject.ts";

/** What a panel shows: the map, whether it still belongs to the settings, how far the run is, and what went wrong. */
export class PanelView {
  phase: PanelState["phase"] = "empty";
  stage: string | null = null;
  running: PanelState["running"] = null;
  error: PanelState["error"] = null;
  stale: PanelState["stale"] = null;
  /** Id of the history item that is shown. */
  current: string | null = null;
  readonly #messages: PanelMessages;
  readonly #services: PanelServices;
  readonly #complete: (shown: Shown | null) => Shown | null;
  #shown: Shown | null = null;
  #dimmed = false;

  /** `complete`: adds to an explanation what is known beside it. */
  constructor(
    messages: PanelMessages,
    services: PanelServices,
    complete: (shown: Shown | null) => Shown | null = (shown) => shown,
  ) {
    this.#messages = messages;
    this.#services = services;
    this.#complete = complete;
  }

  /** What is on the screen, also where it belongs to the settings before a change. */
  get shown(): Shown | null {
    return this.#shown;
  }

  /** What is on the screen and answers the present settings. */
  get valid(): Shown | null {
    return this.#dimmed ? null : this.#shown;
  }

  present(shown: Shown | null, dimmed: boolean): void {
    this.#shown = this.#complete(shown);
    this.#dimmed = dimmed;
    this.#messages.showShown(this.#shown, dimmed);
  }

  /** Back to an empty screen, without a comparison. */
  clear(): void {
    this.#shown = null;
    this.#dimmed = false;
    this.#messages.clearShown();
  }

  compare(left: Shown, right: Shown, names: readonly [string, string] | undefined): void {
    this.#messages.post({ type: "comparison", comparison: comparisonOf(left, right, names) });
    this.#messages.post({ type: "focus", band: "history" });
  }

  /** Puts what is shown into the history, where it becomes the current item. */
  async remember(shown: Shown, request: ExplainRequest, subject: Subject | undefined): Promise<void> {
    try {
      this.current = await this.#services.remember(shown, request, subject?.sample.kind ?? "tensor");
    } catch (error) {
      // The explanation is shown all the same; only the list of earlier ones lacks it.
      this.#services.log.error("History", error);
    }
  }

  /** What a cancelled run reached stays to be read. */
  runEnded(): void {
    if (this.phase !== "cancelled") this.running = null;
  }

  fail(error: unknown, title: string): void {
    this.#services.log.error(title, error);
    this.phase = "failed";
    this.stage = null;
    this.error = errorViewOf(error);
    this.settleDraft();
  }

  /** A draft that nothing will sharpen any more is a draft, not a run; without an evaluation it is nothing. */
  settleDraft(): void {
    const shown = this.#shown;
    if (shown === null || shown.explanation.status !== "running") return;
    if (shown.explanation.evaluations === 0) this.present(null, false);
    else this.present({ ...shown, explanation: { ...shown.explanation, status: "cancelled" } }, false);
  }
}
