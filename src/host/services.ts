import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../common/disposable.ts";
import type { BaselineSpec, ExplainRequest, SampleRef } from "../protocol/explain.ts";
import type { Explanation, Prediction } from "../protocol/explanation.ts";
import { formatProbability, formatScore } from "../protocol/format.ts";
import type { Shown } from "../protocol/panel.ts";
import { areProbabilities, areValues } from "../protocol/probability.ts";
import { compactExplanation } from "./compactExplanation.ts";
import { ComputeProcess } from "./computeProcess.ts";
import { EditorHighlights } from "./editor/editorHighlights.ts";
import { LiveMode } from "./editor/liveMode.ts";
import { showError } from "./errorMessage.ts";
import { History } from "./history.ts";
import type { InspectPage } from "./inspectPage.ts";
import type { Log } from "./log.ts";
import { ManifestStore } from "./manifestStore.ts";
import type { ChoiceKind } from "./modelChoice.ts";
import { ModelPicker } from "./modelPicker.ts";
import { evenly, siblingFiles } from "./neighbours.ts";
import type { PanelController } from "./panelController.ts";
import { PanelExport } from "./panelExport.ts";
import { PanelManager } from "./panelManager.ts";
import type { PanelServices } from "./panelServices.ts";
import { activePython } from "./pythonEnvironment.ts";
import { baselineFileExtensions } from "./sampleKind.ts";
import { sampleFor } from "./sampleTargets.ts";
import { settings } from "./settings.ts";
import { StatusBar } from "./statusBar.ts";
import { type Subject, samplePath } from "./subject.ts";
import { stopWordBaseline, typedBaseline } from "./textBaselines.ts";
import { TextLenses } from "./textLenses.ts";
import { VerdictDiagnostics } from "./verdictDiagnostics.ts";

const LARGEST_PICTURE = 2048;
const THUMBNAIL = 192;
/** The mean settles long before this many, and each has to be read. */
const MOST_MEAN_FILES = 256;

/** Everything that lives as long as the extension, built at the first use. */
export class Services implements PanelServices, vscode.Disposable {
  readonly context: vscode.ExtensionContext;
  readonly log: Log;
  readonly compute: ComputeProcess;
  readonly history: History;
  readonly manifests: ManifestStore;
  readonly models: ModelPicker;
  readonly diagnostics: VerdictDiagnostics;
  readonly highlights: EditorHighlights;
  readonly live: LiveMode;
  readonly textLenses: TextLenses;
  readonly statusBar: StatusBar;
  readonly panels: PanelManager;
  readonly exporter: PanelExport;
  /** Models that are open for inspection. */
  readonly inspections = new Set<InspectPage>();
  readonly #store = new DisposableStore();

  constructor(context: vscode.ExtensionContext, log: Log) {
    this.context = context;
    this.log = log;
    const version: unknown = context.extension.packageJSON.version;
    this.compute = this.#store.add(
      new ComputeProcess({
        entry: context.asAbsolutePath(path.join("dist", "compute.js")),
        hello: async () => ({
          version: String(version),
          tensorflowPath: settings.tensorflowPath(),
          python: activePython(),
          wasmThreads: settings.wasmThreads(),
        }),
        log: (message) => this.log.info(message),
        idleMs: () => settings.idleMinutes() * 60_000,
      }),
    );
    const storage = context.storageUri ?? context.globalStorageUri;
    this.history = this.#store.add(
      new History(path.join(storage.fsPath, "history"), settings.historySize, (error) => log.error("History", error)),
    );
    this.manifests = new ManifestStore();
    this.models = new ModelPicker(this.manifests, this.compute);
    this.diagnostics = this.#store.add(new VerdictDiagnostics());
    this.highlights = this.#store.add(new EditorHighlights());
    this.live = this.#store.add(
      new LiveMode({
        highlights: this.highlights,
        explain: async (request, subject, options) =>
          compactExplanation(await this.compute.call("explain", await this.withMean(request, subject), options)),
        release: (runId) => this.release(runId),
        lease: () => this.compute.lease(),
        remember: (explanation, request) => this.remember({ explanation, picture: null }, request, "text"),
        log: (error) => log.error("Live", error),
      }),
    );
    this.textLenses = new TextLenses(this.highlights, this.live);
    this.statusBar = this.#store.add(new StatusBar());
    this.exporter = new PanelExport(this.compute, this.history);
    this.panels = this.#store.add(new PanelManager(context, this));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        const restarts = ["pathlight.tensorflow.path", "pathlight.python.path", "pathlight.wasm.threads"];
        if (restarts.some((key) => event.affectsConfiguration(key))) this.compute.end("its settings changed");
      }),
    );
  }

  notify(what: string, thrown: unknown): void {
    showError(this.log, what, thrown);
  }

  release(runId: string): void {
    // Without a process there is nothing to release, and none is started for it.
    if (this.compute.pid === undefined) return;
    this.compute.call("release", { runId }).catch((error: unknown) => this.log.error("Release", error));
  }

  async withMean(request: ExplainRequest, subject: Subject): Promise<ExplainRequest> {
    const { baseline } = request.settings;
    const file = samplePath(subject.sample.sample);
    if (baseline?.kind !== "name" || baseline.name !== "mean" || file === undefined) return request;
    // Rows of a table that belongs to no data set stand for themselves; files beside it are other things.
    const { sample } = subject.sample;
    const isLoneRow = sample.kind === "file" && sample.row !== undefined && subject.model.dataset === undefined;
    const files = isLoneRow ? [file] : await siblingFiles(file, subject);
    return { ...request, meanOver: evenly(files, MOST_MEAN_FILES) };
  }

  async remember(shown: Shown, request: ExplainRequest, kind: ChoiceKind): Promise<string> {
    const prediction = predictionOf(shown.explanation);
    const record = await this.history.add(shown, { request, kind, prediction }, settings.warnAbove());
    if (kind === "image") void this.#makeThumbnail(record.item.id, shown, request);
    return record.item.id;
  }

  async picture(sample: SampleRef): Promise<Shown["picture"]> {
    const { png } = await this.compute.call("thumbnail", { sample, size: LARGEST_PICTURE });
    return { bytes: new Uint8Array(png), mime: "image/png" };
  }

  async chooseBaselineFile(): Promise<string | undefined> {
    const picked = await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Choose the baseline"),
      openLabel: vscode.l10n.t("Use as baseline"),
      filters: { [vscode.l10n.t("Images and tensors")]: [...baselineFileExtensions] },
    });
    return picked?.[0]?.fsPath;
  }

  chooseTextBaseline(what: "text" | "stop-words"): Promise<BaselineSpec | undefined> {
    return what === "text" ? typedBaseline() : stopWordBaseline();
  }

  openHistory(id: string, panel: PanelController): Promise<void> {
    return this.panels.openRecord(id, panel);
  }

  exportPanel(panel: PanelController, format: "png" | "html" | "json"): Promise<void> {
    return this.exporter.exportPanel(panel, format);
  }

  async explainEdited(panel: PanelController, id: string, title: string): Promise<void> {
    const edited = panel.followUps.edited(id, title);
    if (edited !== undefined) await this.panels.explain(edited.subject, edited.settings);
  }

  async explainNeighbour(panel: PanelController, index: number): Promise<void> {
    const found = panel.followUps.neighbour(index);
    if (found !== undefined) await this.panels.explain(found.subject, found.settings);
  }

  async copy(text: string): Promise<void> {
    await vscode.env.clipboard.writeText(text);
  }

  async chooseSample(): Promise<void> {
    await vscode.commands.executeCommand("pathlight.explain");
  }

  async chooseModel(panel: PanelController): Promise<void> {
    const { subject } = panel;
    if (subject === undefined) return;
    const model = await this.models.pick(subject.sample, true);
    if (model === undefined) return;
    await panel.explain({ sample: sampleFor(subject.sample, model.ref.entry), model });
  }

  async openSample(subject: Subject | undefined): Promise<void> {
    const sample = subject?.sample.sample;
    if (sample === undefined) return;
    const file = sample.kind === "file" ? sample.path : sample.origin;
    if (file === undefined || !path.isAbsolute(file)) return;
    const { rowRange } = await import("./rowRange.ts");
    const row = sample.kind === "file" ? sample.row : undefined;
    const selection = row === undefined ? undefined : await rowRange(file, row);
    const options = { viewColumn: vscode.ViewColumn.One, ...(selection === undefined ? {} : { selection }) };
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(file), options);
  }

  async openManifest(file: string | undefined): Promise<void> {
    const found = await this.manifests.locate(file);
    if (found !== undefined) {
      await vscode.window.showTextDocument(vscode.Uri.file(found));
      return;
    }
    await vscode.window.showInformationMessage(
      vscode.l10n.t("There is no pathlight.json yet. It is written when you explain the first sample."),
    );
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #makeThumbnail(id: string, shown: Shown, request: ExplainRequest): Promise<void> {
    const sample = request.samples[0]?.sample;
    if (sample === undefined) return;
    try {
      const overlay = shown.explanation;
      const { png } = await this.compute.call("thumbnail", { sample, size: THUMBNAIL, overlay, theme: themeName() });
      await this.history.setThumbnail(id, png);
    } catch (error) {
      this.log.error("Thumbnail", error);
    }
  }
}

/** The class with the highest score, in words, or what was written; predictions come in the order of the outputs. */
function predictionOf({ predictions, produced }: Explanation): string | null {
  if (produced !== undefined) return produced.text;
  const top = predictions.reduce<Prediction | undefined>(
    (best, next) => (best === undefined || next.score > best.score ? next : best),
    undefined,
  );
  if (top === undefined) return null;
  if (areProbabilities(predictions)) return `${top.label} ${formatProbability(top.score)}`;
  return areValues(predictions) ? `${top.label} ${formatScore(top.score)}` : top.label;
}

function themeName(): "dark" | "light" | "high-contrast" {
  switch (vscode.window.activeColorTheme.kind) {
    case vscode.ColorThemeKind.Light:
    case vscode.ColorThemeKind.HighContrastLight:
      return "light";
    case vscode.ColorThemeKind.HighContrast:
      return "high-contrast";
    case vscode.ColorThemeKind.Dark:
      return "dark";
  }
}
