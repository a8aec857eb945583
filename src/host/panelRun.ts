import * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import type { ExplainEvent } from "../protocol/compute.ts";
import type { ExplainRequest } from "../protocol/explain.ts";
import type { Explanation } from "../protocol/explanation.ts";
import type { Shown } from "../protocol/panel.ts";
import { compactExplanation } from "./compactExplanation.ts";
import type { PanelServices } from "./panelServices.ts";
import type { PanelSettings } from "./panelSettings.ts";
import type { PanelSubject } from "./panelSubject.ts";
import type { PanelView } from "./panelView.ts";

export type RunKind =
  | { readonly kind: "explain" }
  | { readonly kind: "refine"; readonly runId: string; readonly tolerance: number; readonly maxEvaluations: number };

interface RunParts {
  readonly view: PanelView;
  readonly subject: PanelSubject;
  readonly settings: PanelSettings;
  readonly services: PanelServices;
}

interface RunListeners {
  onStart(): void;
  /** Only the state: figures of a run under way. */
  onProgress(): void;
  onChange(): void;
  /** It ended, well or badly, and no other took its place. */
  onEnd(): void;
}

/** What runs in a panel: at most one explanation at a time, and the newest request wins. */
export class PanelRun implements vscode.Disposable {
  readonly #parts: RunParts;
  readonly #listeners: RunListeners;
  readonly #runIds = new Set<string>();
  #runId: string | undefined;
  #abort: AbortController | undefined;
  /** The map of the model before it changed on disk, for a comparison. */
  #before: Shown | undefined;
  #disposed = false;

  constructor(parts: RunParts, listeners: RunListeners) {
    this.#parts = parts;
    this.#listeners = listeners;
  }

  /** The run that refining would go on from. */
  get runId(): string | undefined {
    return this.#runId;
  }

  get isUnderWay(): boolean {
    return this.#abort !== undefined;
  }

  /** Another subject: nothing of the runs so far belongs to it. `runId`: that of the explanation which is shown instead. */
  turnTo(runId?: string): void {
    this.#before = undefined;
    if (runId !== undefined) this.#runId = runId;
  }

  async start(kind: RunKind): Promise<void> {
    const { view, subject, services } = this.#parts;
    const { value } = subject;
    const request = this.#parts.settings.request(value);
    if (value === undefined || request === undefined || this.#disposed) return;
    this.#listeners.onStart();
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const mine = (): boolean => this.#abort === abort && !this.#disposed;
    if (view.stale === "model" && view.shown !== null) this.#before = view.shown;
    view.stale = null;
    view.error = null;
    view.running = { evaluations: 0, rounds: 0, progress: null, seconds: 0 };
    view.phase = view.shown === null ? "loading" : "running";
    view.stage = vscode.l10n.t("Starting the compute process");
    // The old map stays, dimmed, until the first one of the new run.
    view.present(view.shown, view.shown !== null && kind.kind === "explain");
    this.#listeners.onChange();
    const options = {
      signal: abort.signal,
      onEvent: (event: ExplainEvent) => {
        if (mine()) this.#onEvent(event);
      },
    };
    try {
      const { compute } = services;
      const explanation =
        kind.kind === "explain"
          ? await compute.call("explain", await services.withMean(request, value), options)
          : await compute.call(
              "refine",
              { runId: kind.runId, tolerance: kind.tolerance, maxEvaluations: kind.maxEvaluations },
              options,
            );
      if (mine()) await this.#finish(explanation, request, mine);
    } catch (error) {
      if (!mine()) return;
      const code = error instanceof PathlightError ? error.code : undefined;
      if (code === "run-unknown" && kind.kind === "refine") {
        // The process that had the nodes is gone; the same settings lead to the same map from the start.
        await this.start({ kind: "explain" });
        return;
      }
      if (code === "cancelled") await this.#afterCancel(mine);
      else this.fail(error);
    }
    if (!mine()) return;
    this.#abort = undefined;
    view.runEnded();
    this.#listeners.onChange();
    this.#listeners.onEnd();
  }

  /** The run ends with what it has reached. */
  cancel(): void {
    this.#abort?.abort();
  }

  /** The run ends, and nothing of it is shown any more. */
  drop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#parts.view.running = null;
  }

  fail(error: unknown): void {
    const { view, subject } = this.#parts;
    this.#before = undefined;
    view.fail(error, subject.value?.sample.title ?? "Pathlight");
  }

  dispose(): void {
    this.#disposed = true;
    this.#abort?.abort();
    for (const runId of this.#runIds) this.#parts.services.release(runId);
  }

  #onEvent(event: ExplainEvent): void {
    const { view, subject } = this.#parts;
    switch (event.type) {
      case "stage":
        view.stage = event.message;
        if (event.stage === "explaining") view.phase = "running";
        break;
      case "model":
        subject.watchModel(event.files);
        break;
      case "predicted":
        this.#keep(event.runId);
        view.phase = "running";
        // With a map on the screen the zeros would be a step back; the first draft replaces it.
        if (view.shown === null) void this.#presentWithPicture(event.explanation);
        break;
      case "progress":
        view.running = event.running;
        break;
      case "draft":
        view.running = event.running;
        void this.#presentWithPicture(event.explanation);
        break;
    }
    this.#listeners.onProgress();
  }

  #keep(runId: string): void {
    this.#runId = runId;
    this.#runIds.add(runId);
  }

  async #presentWithPicture(explanation: Explanation): Promise<void> {
    const { view, subject } = this.#parts;
    const abort = this.#abort;
    const picture = await subject.picture();
    const newer = view.shown?.explanation;
    if (this.#abort !== abort || this.#disposed) return;
    // Pictures arrive late; a draft must not overtake one with more evaluations of the same run.
    if (newer?.runId === explanation.runId && newer.evaluations > explanation.evaluations) return;
    view.present({ explanation, picture }, false);
  }

  async #finish(explanation: Explanation, request: ExplainRequest, mine: () => boolean): Promise<void> {
    const { view, subject } = this.#parts;
    this.#keep(explanation.runId);
    const picture = await subject.picture();
    if (!mine()) return;
    const shown: Shown = { explanation: compactExplanation(explanation), picture };
    view.phase = explanation.status === "cancelled" ? "cancelled" : "done";
    view.stage = null;
    view.present(shown, false);
    await view.remember(shown, request, subject.value);
    if (!mine()) return;
    const before = this.#before;
    this.#before = undefined;
    if (before !== undefined) view.compare(before, shown, [vscode.l10n.t("Before"), vscode.l10n.t("After")]);
    subject.loadInfo();
  }

  async #afterCancel(mine: () => boolean): Promise<void> {
    const { view, subject } = this.#parts;
    view.phase = "cancelled";
    view.stage = null;
    const runId = this.#runId;
    const known = runId !== undefined && this.#runIds.has(runId);
    const explanation = known ? await this.#snapshot(runId) : null;
    if (!mine()) return;
    if (explanation === null || explanation.evaluations === 0) return view.settleDraft();
    const shown: Shown = { explanation: compactExplanation(explanation), picture: await subject.picture() };
    if (mine()) view.present(shown, false);
  }

  async #snapshot(runId: string): Promise<Explanation | null> {
    const { compute, log } = this.#parts.services;
    try {
      return await compute.call("snapshot", { runId });
    } catch (error) {
      // The process may have ended with the run; the last draft on the screen stays.
      log.error("Snapshot", error);
      return null;
    }
  }
}
