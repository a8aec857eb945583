import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { DisposableStore } from "../common/disposable.ts";
import { PathlightError } from "../common/errors.ts";
import type { ExplainRequest, Settings } from "../protocol/explain.ts";
import { type PanelState, panelToHostSchema, type SettingsChange, type Shown } from "../protocol/panel.ts";
import { compactExplanation } from "./compactExplanation.ts";
import type { HistoryRecord } from "./history.ts";
import { handlePanelMessage } from "./panelDispatch.ts";
import { PanelFollowUps } from "./panelFollowUps.ts";
import { PanelMessages } from "./panelMessages.ts";
import { initialSettings } from "./panelRequest.ts";
import { PanelRun } from "./panelRun.ts";
import { PanelSequence } from "./panelSequence.ts";
import type { PanelServices } from "./panelServices.ts";
import { PanelSettings } from "./panelSettings.ts";
import { PanelSubject } from "./panelSubject.ts";
import { PanelView } from "./panelView.ts";
import { isRunLost } from "./runLost.ts";
import { settings } from "./settings.ts";
import { readAs, type Subject, samplePath } from "./subject.ts";

/** One panel: what the user asks of it, handed to what it is about, what runs and what is shown. */
export class PanelController implements vscode.Disposable {
  readonly id = randomUUID();
  readonly panel: vscode.WebviewPanel;
  readonly #services: PanelServices;
  readonly #store = new DisposableStore();
  readonly #messages: PanelMessages;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Something that others show changed: the explanation, the phase, the settings. */
  readonly onDidChange = this.#changed.event;
  readonly #settings = new PanelSettings();
  readonly #subject: PanelSubject;
  readonly #view: PanelView;
  readonly #run: PanelRun;
  readonly #sequence: PanelSequence;
  readonly followUps: PanelFollowUps;
  #disposed = false;

  constructor(panel: vscode.WebviewPanel, services: PanelServices) {
    this.panel = panel;
    this.#services = services;
    this.#messages = this.#store.add(new PanelMessages(panel));
    this.#sequence = new PanelSequence(services.compute, () => this.#postState());
    this.#view = new PanelView(this.#messages, services, (shown) => this.#sequence.with(shown));
    this.#subject = new PanelSubject(services, () => this.#settings.value, {
      onSourceChange: (what, gone) => this.#onSourceChange(what, gone),
      onOptions: () => this.#postState(),
    });
    const parts = { view: this.#view, subject: this.#subject, settings: this.#settings, services };
    this.#run = new PanelRun(parts, {
      onStart: () => this.followUps.turnTo(this.request),
      onProgress: () => this.#postState(),
      onChange: () => this.#update(),
      onEnd: () => this.followUps.onRunEnd(),
    });
    this.followUps = new PanelFollowUps(
      { ...parts, messages: this.#messages, run: this.#run, sequence: this.#sequence },
      {
        onProgress: () => this.#postState(),
        onChange: () => this.#update(),
        remember: (shown) => this.#remember(shown),
      },
    );
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
    return this.#subject.value;
  }

  /** What is shown and answers the present settings. */
  get shown(): Shown | null {
    return this.#view.valid;
  }

  get phase(): PanelState["phase"] {
    return this.#view.phase;
  }

  get current(): string | null {
    return this.#view.current;
  }

  get stale(): PanelState["stale"] {
    return this.#view.stale;
  }

  get request(): ExplainRequest | undefined {
    return this.#settings.request(this.#subject.value);
  }

  /** What `Another baseline` and the like can act on. */
  get canRefine(): boolean {
    return this.#view.shown?.explanation.method === "integrated-gradients";
  }

  /** Turns the panel to a subject and explains it. */
  async explain(subject: Subject, wanted = initialSettings(subject)): Promise<void> {
    this.#turnTo(subject, wanted);
    this.#run.turnTo();
    this.#view.current = null;
    this.#view.clear();
    await this.#run.start({ kind: "explain" });
  }

  /** Shows an earlier explanation as it was. */
  async show(record: HistoryRecord, subject: Subject): Promise<void> {
    this.#run.drop();
    this.followUps.turnTo(record.request);
    try {
      const shown = await this.#services.history.load(record.item.id);
      this.#turnTo(subject, record.request.settings);
      this.#run.turnTo(shown.explanation.runId);
      this.#view.current = record.item.id;
      this.#view.phase = shown.explanation.status === "cancelled" ? "cancelled" : "done";
      this.#sequence.take(shown.explanation.matrix);
      this.#view.present(shown, false);
    } catch (error) {
      this.#run.fail(error);
    }
    this.#update();
  }

  async refine(tolerance?: number): Promise<void> {
    this.#settings.aimHigher(this.#view.shown?.explanation, tolerance);
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
    this.#subject.forget("sample");
    this.#subject.forget("model");
    await this.#run.start({ kind: "explain" });
  }

  cancel(): void {
    this.#run.cancel();
    this.followUps.cancel();
  }

  capture(): Promise<Uint8Array> {
    this.panel.reveal(undefined, true);
    return this.#messages.capture();
  }

  async compare(ids: readonly [string, string], names?: readonly [string, string]): Promise<void> {
    const [left, right] = await Promise.all([this.#services.history.load(ids[0]), this.#services.history.load(ids[1])]);
    this.#view.compare(left, right, names);
  }

  async set(change: SettingsChange): Promise<void> {
    switch (this.#settings.change(change)) {
      case "none":
        return this.#postState();
      case "regrain":
        return this.#regrain();
      case "continue":
        return this.continue();
      case "explain":
        return this.#run.start({ kind: "explain" });
    }
  }

  /** Goes on from the nodes that are known; the compute process says when it has none, and the run starts anew. */
  async continue(): Promise<void> {
    const { tolerance, maxEvaluations, rule } = this.#settings.value;
    const { runId } = this.#run;
    const { shown, stale } = this.#view;
    const fits = shown?.explanation.runId === runId && rule === "adaptive" && stale === null;
    if (runId === undefined || !fits || !this.canRefine) return this.#run.start({ kind: "explain" });
    await this.#run.start({ kind: "refine", runId, tolerance, maxEvaluations });
  }

  async regrain(grain: number): Promise<void> {
    this.#settings.setGrain(grain);
    await this.#regrain();
  }

  async setColumn(column: string): Promise<void> {
    const subject = this.#subject.value;
    const sample = subject?.sample.sample;
    if (subject === undefined || sample?.kind !== "file") return;
    this.#subject.follow({ ...subject, sample: { ...subject.sample, sample: { ...sample, column } } });
    await this.#run.start({ kind: "explain" });
  }

  /** Drops a cancelled run: back to the explanation before it, or to nothing. */
  async discard(): Promise<void> {
    const { current } = this.#view;
    const record = current === null ? undefined : this.#services.history.find(current);
    const subject = this.#subject.value;
    if (record !== undefined && subject !== undefined) return this.show(record, subject);
    this.#view.phase = "empty";
    this.#view.clear();
    this.#update();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.followUps.dispose();
    this.#run.dispose();
    this.#subject.dispose();
    this.#changed.fire();
    this.#store.dispose();
    this.panel.dispose();
  }

  async #regrain(): Promise<void> {
    const { shown } = this.#view;
    const { grain } = this.#settings.value;
    // While a run is under way the new grain is a new question to it; its nodes are kept.
    if (shown === null || grain === undefined || this.#run.isUnderWay) return this.#run.start({ kind: "explain" });
    try {
      const explanation = await this.#services.compute.call("regrain", { runId: shown.explanation.runId, grain });
      if (this.#view.shown !== shown) return;
      const next: Shown = { explanation: compactExplanation(explanation), picture: shown.picture };
      this.#view.present(next, false);
      await this.#remember(next);
      this.#update();
    } catch (error) {
      if (!isRunLost(error)) throw error;
      await this.#run.start({ kind: "explain" });
    }
  }

  #turnTo(subject: Subject, wanted: Settings): void {
    this.#settings.replace(wanted);
    this.#view.error = null;
    this.#view.stale = null;
    this.panel.title = vscode.l10n.t("Pathlight: {0}", subject.sample.title);
    this.#subject.turnTo(subject);
  }

  async #remember(shown: Shown): Promise<void> {
    const { request } = this;
    if (request !== undefined) await this.#view.remember(shown, request, this.#subject.value);
  }

  #onSourceChange(what: "sample" | "model", gone: boolean): void {
    if (gone && what === "sample") {
      const file = samplePath(this.#subject.value?.sample.sample ?? { kind: "text", text: "" });
      this.#run.drop();
      this.#run.fail(
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
    this.#subject.forget(what);
    this.#view.stale = what;
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

  #update(): void {
    this.#postState();
    const settled = this.phase !== "running" && this.phase !== "loading";
    this.followUps.follow(settled ? (this.shown?.explanation ?? null) : null);
    if (!this.#disposed) this.#changed.fire();
  }

  #postState(): void {
    this.#messages.postState(() => this.#state());
  }

  #state(): PanelState {
    const subject = this.#subject.value;
    const { phase, stage, running, error, stale, current } = this.#view;
    return {
      phase,
      stage,
      sampleTitle: subject?.sample.title ?? "",
      sampleKind: subject === undefined ? null : readAs(subject),
      modelTitle: subject?.model.name ?? "",
      settings: this.#settings.value,
      options: this.#subject.options,
      running,
      ...this.followUps.progress,
      warnAbove: settings.warnAbove(),
      error,
      stale,
      history: this.#services.history.records.map((record) => record.item),
      current,
    };
  }
}
