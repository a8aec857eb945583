import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { DisposableStore } from "../common/disposable.ts";
import { PathlightError } from "../common/errors.ts";
import type { ExplainEvent } from "../protocol/compute.ts";
import { type ExplainRequest, type Settings, settingsSchema } from "../protocol/explain.ts";
import type { Explanation } from "../protocol/explanation.ts";
import { type PanelState, panelToHostSchema, type SettingsChange, type Shown } from "../protocol/panel.ts";
import { compactExplanation } from "./compactExplanation.ts";
import { comparisonOf } from "./comparison.ts";
import { errorViewOf } from "./errorView.ts";
import type { HistoryRecord } from "./history.ts";
import { PanelAudit } from "./panelAudit.ts";
import { handlePanelMessage } from "./panelDispatch.ts";
import { PanelMessages } from "./panelMessages.ts";
import { initialSettings, requestFor } from "./panelRequest.ts";
import type { PanelServices } from "./panelServices.ts";
import { settings } from "./settings.ts";
import { SourceWatcher } from "./sourceWatcher.ts";
import { type Subject, samplePath } from "./subject.ts";
import { SubjectFacts } from "./subjectFacts.ts";

const noOptions: PanelState["options"] = { baselines: [], backends: [], links: [], columns: [] };

type RunKind =
  | { readonly kind: "explain" }
  | { readonly kind: "refine"; readonly runId: string; readonly tolerance: number; readonly maxEvaluations: number };

/** One panel: a subject, its settings, at most one run under way, and what is shown of it. The newest request wins. */
export class PanelController implements vscode.Disposable {
  readonly id = randomUUID();
  readonly panel: vscode.WebviewPanel;
  readonly #services: PanelServices;
  readonly #store = new DisposableStore();
  readonly #messages: PanelMessages;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Something that others show changed: the explanation, the phase, the settings. */
  readonly onDidChange = this.#changed.event;
  #subject: Subject | undefined;
  #watcher: SourceWatcher | undefined;
  #settings: Settings;
  #phase: PanelState["phase"] = "empty";
  #stage: string | null = null;
  #running: PanelState["running"] = null;
  #error: PanelState["error"] = null;
  #stale: PanelState["stale"] = null;
  #current: string | null = null;
  #shown: Shown | null = null;
  #dimmed = false;
  #before: Shown | undefined;
  #abort: AbortController | undefined;
  #runId: string | undefined;
  readonly #runIds = new Set<string>();
  readonly #audit: PanelAudit;
  #facts: SubjectFacts | undefined;
  #disposed = false;

  constructor(panel: vscode.WebviewPanel, services: PanelServices) {
    this.panel = panel;
    this.#services = services;
    this.#settings = initialSettings(undefined);
    this.#messages = this.#store.add(new PanelMessages(panel));
    this.#audit = new PanelAudit(services.compute, () => this.#postState());
    this.#store.add(this.#changed);
    this.#store.add(services.compute.lease());
    this.#store.add(services.history.onDidChange(() => this.#postState()));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("pathlight")) this.#postState();
      }),
    );
    this.#store.add(panel.webview.onDidReceiveMessage((raw: unknown) => this.#receive(raw)));
    this.#store.add(panel.onDidChangeViewState(() => this.#changed.fire()));
    panel.onDidDispose(() => this.dispose());
    this.#postState();
  }

  get subject(): Subject | undefined {
    return this.#subject;
  }

  get shown(): Shown | null {
    return this.#dimmed ? null : this.#shown;
  }

  get phase(): PanelState["phase"] {
    return this.#phase;
  }

  get current(): string | null {
    return this.#current;
  }

  get request(): ExplainRequest | undefined {
    return this.#subject === undefined ? undefined : requestFor(this.#subject, this.#settings);
  }

  /** What `Another baseline` and the like can act on. */
  get canRefine(): boolean {
    return this.#shown !== null && this.#shown.explanation.method === "integrated-gradients";
  }

  /** Turns the panel to a subject and explains it. */
  async explain(subject: Subject): Promise<void> {
    this.#turnTo(subject, initialSettings(subject));
    this.#shown = null;
    this.#current = null;
    this.#dimmed = false;
    this.#messages.clearShown();
    await this.#run({ kind: "explain" });
  }

  /** Shows an earlier explanation as it was. */
  async show(record: HistoryRecord, subject: Subject): Promise<void> {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#audit.cancel();
    try {
      const shown = await this.#services.history.load(record.item.id);
      this.#turnTo(subject, record.request.settings);
      this.#runId = shown.explanation.runId;
      this.#current = record.item.id;
      this.#phase = shown.explanation.status === "cancelled" ? "cancelled" : "done";
      this.#running = null;
      this.#present(shown, false);
    } catch (error) {
      this.#fail(error);
    }
    this.#update();
  }

  async refine(tolerance?: number): Promise<void> {
    const { maxEvaluations } = this.#settings;
    const done = this.#shown?.explanation;
    const wanted = tolerance ?? this.#settings.tolerance;
    // A run that stopped at its budget needs a larger one, else refining would end where it stands.
    const budget = done?.status === "budget" || (done !== undefined && done.evaluations * 2 > maxEvaluations);
    this.#settings = {
      ...this.#settings,
      tolerance: wanted,
      maxEvaluations: budget ? Math.max(maxEvaluations, (done?.evaluations ?? 0) * 4) : maxEvaluations,
    };
    await this.continue();
  }

  async explainLogit(): Promise<void> {
    await this.set({ link: "logit" });
  }

  useBackend(backend: Settings["backend"]): void {
    void this.set({ backend });
  }

  anotherBaseline(): void {
    this.panel.reveal();
    this.#messages.post({ type: "focus", band: "settings-baseline" });
  }

  async explainAgain(): Promise<void> {
    this.#facts?.forget("sample");
    this.#facts?.forget("model");
    await this.#run({ kind: "explain" });
  }

  cancel(): void {
    this.#abort?.abort();
    this.#audit.cancel();
  }

  /** Compares the gradients of what is shown with forward passes; the finding becomes part of the explanation. */
  async audit(): Promise<void> {
    if (this.#abort !== undefined || this.#shown === null || this.#stale !== null) return;
    const wanted = this.#shown.explanation.runId;
    let explanation: Explanation | null;
    try {
      explanation = await this.#audit.run(wanted);
    } catch (error) {
      const code = error instanceof PathlightError ? error.code : undefined;
      if (code !== "run-unknown" && code !== "compute-died") throw error;
      // The process that had the run is gone; the same settings lead to the same path.
      await this.#run({ kind: "explain" });
      const again = this.shown?.explanation;
      if (this.phase !== "done" || again === undefined || again.audit !== undefined || this.#audit.isRunning) return;
      explanation = await this.#audit.run(again.runId);
    }
    const shown = this.#shown;
    if (explanation === null || shown?.explanation.runId !== explanation.runId || this.#dimmed) return;
    const next: Shown = {
      explanation: { ...shown.explanation, audit: explanation.audit },
      picture: shown.picture,
    };
    this.#present(next, false);
    const { request } = this;
    if (request !== undefined && next.explanation.status !== "cancelled") await this.#remember(next, request);
    this.#update();
  }

  cancelAudit(): void {
    this.#audit.cancel();
  }

  capture(): Promise<Uint8Array> {
    this.panel.reveal(undefined, true);
    return this.#messages.capture();
  }

  async compare(ids: readonly [string, string], names?: readonly [string, string]): Promise<void> {
    const [left, right] = await Promise.all([this.#services.history.load(ids[0]), this.#services.history.load(ids[1])]);
    this.#showComparison(left, right, names);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#abort?.abort();
    this.#audit.cancel();
    for (const runId of this.#runIds) this.#services.release(runId);
    this.#watcher?.dispose();
    this.#changed.fire();
    this.#store.dispose();
    this.panel.dispose();
  }

  #showComparison(left: Shown, right: Shown, names: readonly [string, string] | undefined): void {
    this.#messages.post({ type: "comparison", comparison: comparisonOf(left, right, names) });
    this.#messages.post({ type: "focus", band: "history" });
  }

  #turnTo(subject: Subject, wanted: Settings): void {
    this.#subject = subject;
    this.#settings = wanted;
    this.#error = null;
    this.#stale = null;
    this.#before = undefined;
    this.panel.title = vscode.l10n.t("Pathlight: {0}", subject.sample.title);
    this.#watcher?.dispose();
    this.#watcher = new SourceWatcher(subject, subject.model.ref.path, (what, gone) =>
      this.#onSourceChange(what, gone),
    );
    this.#follow(subject);
  }

  #follow(subject: Subject): void {
    this.#subject = subject;
    const onChange = (): void => {
      this.#watcher?.watchModel(this.#facts?.modelFiles ?? []);
      this.#postState();
    };
    this.#facts = new SubjectFacts(subject, this.#services, () => this.#settings, onChange);
  }

  async #run(kind: RunKind): Promise<void> {
    const subject = this.#subject;
    if (subject === undefined || this.#disposed) return;
    this.#audit.cancel();
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const mine = (): boolean => this.#abort === abort && !this.#disposed;
    // The old map stays, dimmed, until the first one of the new run.
    this.#dimmed = this.#shown !== null && kind.kind === "explain";
    if (this.#stale === "model" && this.#shown !== null) this.#before = this.#shown;
    this.#stale = null;
    this.#error = null;
    this.#running = { evaluations: 0, rounds: 0, progress: null, seconds: 0 };
    this.#phase = this.#shown === null ? "loading" : "running";
    this.#stage = vscode.l10n.t("Starting the compute process");
    this.#messages.showShown(this.#shown, this.#dimmed);
    this.#update();
    const options = {
      signal: abort.signal,
      onEvent: (event: ExplainEvent) => {
        if (mine()) this.#onEvent(event);
      },
    };
    try {
      const { compute } = this.#services;
      const request = requestFor(subject, this.#settings);
      const explanation =
        kind.kind === "explain"
          ? await compute.call("explain", await this.#services.withMean(request, subject), options)
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
        await this.#run({ kind: "explain" });
        return;
      }
      if (code === "cancelled") await this.#afterCancel(mine);
      else this.#fail(error);
    }
    if (!mine()) return;
    this.#abort = undefined;
    // What a cancelled run reached stays to be read.
    if (this.phase !== "cancelled") this.#running = null;
    this.#update();
    const ended = this.shown?.explanation;
    // Which gradient it is, is the next question.
    if (this.phase === "done" && ended?.status === "suspect-gradient" && ended.audit === undefined) this.#auditAlone();
  }

  #auditAlone(): void {
    this.audit().catch((error: unknown) => this.#services.notify(vscode.l10n.t("Check Gradients"), error));
  }

  #onEvent(event: ExplainEvent): void {
    switch (event.type) {
      case "stage":
        this.#stage = event.message;
        if (event.stage === "explaining") this.#phase = "running";
        break;
      case "model":
        this.#watcher?.watchModel(event.files);
        break;
      case "predicted":
        this.#runId = event.runId;
        this.#runIds.add(event.runId);
        this.#phase = "running";
        // With a map on the screen the zeros would be a step back; the first draft replaces it.
        if (this.#shown === null) void this.#presentWithPicture(event.explanation);
        break;
      case "progress":
        this.#running = event.running;
        break;
      case "draft":
        this.#running = event.running;
        void this.#presentWithPicture(event.explanation);
        break;
    }
    this.#postState();
  }

  async #presentWithPicture(explanation: Explanation): Promise<void> {
    const abort = this.#abort;
    const picture = await this.#loadPicture();
    const newer = this.#shown?.explanation;
    if (this.#abort !== abort || this.#disposed) return;
    // Pictures arrive late; a draft must not overtake one with more evaluations of the same run.
    if (newer?.runId === explanation.runId && newer.evaluations > explanation.evaluations) return;
    this.#present({ explanation, picture }, false);
  }

  #present(shown: Shown, dimmed: boolean): void {
    this.#shown = shown;
    this.#dimmed = dimmed;
    this.#messages.showShown(shown, dimmed);
  }

  async #finish(explanation: Explanation, request: ExplainRequest, mine: () => boolean): Promise<void> {
    this.#runId = explanation.runId;
    this.#runIds.add(explanation.runId);
    const picture = await this.#loadPicture();
    if (!mine()) return;
    const shown: Shown = { explanation: compactExplanation(explanation), picture };
    this.#phase = explanation.status === "cancelled" ? "cancelled" : "done";
    this.#stage = null;
    this.#present(shown, false);
    await this.#remember(shown, request);
    if (!mine()) return;
    const before = this.#before;
    this.#before = undefined;
    if (before !== undefined) {
      const names = [vscode.l10n.t("Before"), vscode.l10n.t("After")] as const;
      this.#showComparison(before, shown, names);
    }
    void this.#facts?.loadInfo();
  }

  async #remember(shown: Shown, request: ExplainRequest): Promise<void> {
    const kind = this.#subject?.sample.kind ?? "tensor";
    try {
      this.#current = await this.#services.remember(shown, request, kind);
    } catch (error) {
      // The explanation is shown all the same; only the list of earlier ones lacks it.
      this.#services.log.error("History", error);
    }
  }

  async #afterCancel(mine: () => boolean): Promise<void> {
    this.#phase = "cancelled";
    this.#stage = null;
    const runId = this.#runId;
    const known = runId !== undefined && this.#runIds.has(runId);
    const explanation = known ? await this.#snapshot(runId) : null;
    if (!mine()) return;
    if (explanation === null || explanation.evaluations === 0) return this.#settleDraft();
    const shown: Shown = { explanation: compactExplanation(explanation), picture: await this.#loadPicture() };
    if (mine()) this.#present(shown, false);
  }

  async #snapshot(runId: string): Promise<Explanation | null> {
    try {
      return await this.#services.compute.call("snapshot", { runId });
    } catch (error) {
      // The process may have ended with the run; the last draft on the screen stays.
      this.#services.log.error("Snapshot", error);
      return null;
    }
  }

  #fail(error: unknown): void {
    this.#services.log.error(this.#subject?.sample.title ?? "Pathlight", error);
    this.#phase = "failed";
    this.#stage = null;
    this.#error = errorViewOf(error);
    this.#before = undefined;
    this.#settleDraft();
  }

  /** A draft that nothing will sharpen any more is a draft, not a run; without an evaluation it is nothing. */
  #settleDraft(): void {
    const shown = this.#shown;
    if (shown === null || shown.explanation.status !== "running") return;
    if (shown.explanation.evaluations === 0) {
      this.#shown = null;
      this.#messages.showShown(null, false);
    } else this.#present({ ...shown, explanation: { ...shown.explanation, status: "cancelled" } }, false);
  }

  async #loadPicture(): Promise<Shown["picture"]> {
    return (await this.#facts?.picture()) ?? null;
  }

  #onSourceChange(what: "sample" | "model", gone: boolean): void {
    if (gone && what === "sample") {
      const file = samplePath(this.#subject?.sample.sample ?? { kind: "text", text: "" });
      this.#abort?.abort();
      this.#abort = undefined;
      this.#running = null;
      this.#fail(
        new PathlightError("sample-not-found", "The sample was deleted.", {
          file,
          whatToDo: "Put it back and explain again, or choose another sample.",
        }),
      );
      this.#update();
      return;
    }
    if (gone) return;
    const reaction = settings.onModelChange();
    if (what === "model" && reaction === "ignore") return;
    this.#facts?.forget(what);
    this.#stale = what;
    this.#update();
    if (what === "model" && reaction === "explain") void this.explainAgain();
  }

  #receive(raw: unknown): void {
    const parsed = panelToHostSchema.safeParse(raw);
    if (!parsed.success) {
      this.#services.log.error("Panel", new PathlightError("protocol", parsed.error.message));
      return;
    }
    // Runs show their own failures; what is left went wrong beside them.
    handlePanelMessage(parsed.data, this, this.#messages, this.#services).catch((error: unknown) =>
      this.#services.notify(parsed.data.type, error),
    );
  }

  async set(change: SettingsChange): Promise<void> {
    const before = this.#settings;
    this.#settings = settingsSchema.parse({ ...before, ...change });
    const keys = Object.keys(change).filter((key) => {
      const name = key as keyof Settings;
      return JSON.stringify(before[name]) !== JSON.stringify(this.#settings[name]);
    });
    if (keys.length === 0) return this.#postState();
    if (keys.every((key) => key === "grain") && this.#settings.grain !== undefined) {
      return this.regrain(this.#settings.grain);
    }
    // A goal moves the end of the same path; everything else asks another question.
    if (keys.every((key) => key === "tolerance" || key === "maxEvaluations")) return this.continue();
    await this.#run({ kind: "explain" });
  }

  /** Goes on from the nodes that are known; the compute process says when it has none, and the run starts anew. */
  async continue(): Promise<void> {
    const { tolerance, maxEvaluations, rule } = this.#settings;
    const runId = this.#runId;
    const fits = this.#shown?.explanation.runId === runId && rule === "adaptive" && this.#stale === null;
    if (runId === undefined || !fits || !this.canRefine) return this.#run({ kind: "explain" });
    await this.#run({ kind: "refine", runId, tolerance, maxEvaluations });
  }

  async regrain(grain: number): Promise<void> {
    this.#settings = { ...this.#settings, grain };
    const shown = this.#shown;
    // While a run is under way the new grain is a new question to it; its nodes are kept.
    if (shown === null || this.#abort !== undefined) return this.#run({ kind: "explain" });
    try {
      const explanation = await this.#services.compute.call("regrain", { runId: shown.explanation.runId, grain });
      if (this.#shown !== shown) return;
      const next: Shown = { explanation: compactExplanation(explanation), picture: shown.picture };
      this.#present(next, false);
      const request = this.request;
      if (request !== undefined) await this.#remember(next, request);
      this.#update();
    } catch (error) {
      const code = error instanceof PathlightError ? error.code : undefined;
      if (code !== "run-unknown" && code !== "compute-died") throw error;
      await this.#run({ kind: "explain" });
    }
  }

  async setColumn(column: string): Promise<void> {
    const subject = this.#subject;
    const sample = subject?.sample.sample;
    if (subject === undefined || sample?.kind !== "file") return;
    this.#follow({ ...subject, sample: { ...subject.sample, sample: { ...sample, column } } });
    await this.#run({ kind: "explain" });
  }

  /** Drops a cancelled run: back to the explanation before it, or to nothing. */
  async discard(): Promise<void> {
    const record = this.#current === null ? undefined : this.#services.history.find(this.#current);
    if (record !== undefined && this.#subject !== undefined) return this.show(record, this.#subject);
    this.#phase = "empty";
    this.#shown = null;
    this.#messages.clearShown();
    this.#update();
  }

  #update(): void {
    this.#postState();
    if (!this.#disposed) this.#changed.fire();
  }

  #postState(): void {
    this.#messages.postState(() => this.#state());
  }

  #state(): PanelState {
    const subject = this.#subject;
    const kind = subject?.sample.kind;
    return {
      phase: this.#phase,
      stage: this.#stage,
      sampleTitle: subject?.sample.title ?? "",
      sampleKind: kind === undefined ? null : kind === "rows" || kind === "file" ? "text" : kind,
      modelTitle: subject?.model.name ?? "",
      settings: this.#settings,
      options: this.#facts?.options ?? noOptions,
      running: this.#running,
      auditing: this.#audit.progress,
      warnAbove: settings.warnAbove(),
      error: this.#error,
      stale: this.#stale,
      history: this.#services.history.records.map((record) => record.item),
      current: this.#current,
    };
  }
}
