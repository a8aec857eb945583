import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../common/disposable.ts";
import { assertNever, PathlightError } from "../common/errors.ts";
import {
  type HostToInspect,
  type InspectState,
  type InspectToHost,
  inspectToHostSchema,
} from "../protocol/inspectPage.ts";
import type { ManifestModel } from "../protocol/manifest.ts";
import { pickSamples } from "./commandArguments.ts";
import { offerConversion, savedModelFolder } from "./convertCommand.ts";
import { errorViewOf } from "./errorView.ts";
import { entryOf, placeEntry, writePlace } from "./manifestPlace.ts";
import type { LoadedManifest } from "./manifestStore.ts";
import { sampleOfFile } from "./sampleOfFile.ts";
import type { Services } from "./services.ts";
import { settings } from "./settings.ts";
import { SourceWatcher } from "./sourceWatcher.ts";
import type { ModelTarget } from "./subject.ts";

/** One open inspection: reads the model, tells its page, does what its buttons say. */
export class InspectPage implements vscode.Disposable {
  readonly #services: Services;
  readonly #panel: vscode.WebviewPanel;
  readonly #store = new DisposableStore();
  /** What is inspected: the file, or the folder of a SavedModel. */
  readonly #path: string;
  #watcher: SourceWatcher | undefined;
  #abort: AbortController | undefined;
  #state: InspectState;

  constructor(uri: vscode.Uri, panel: vscode.WebviewPanel, services: Services) {
    this.#services = services;
    this.#panel = panel;
    this.#path = savedModelFolder(uri.fsPath) ?? uri.fsPath;
    this.#state = {
      ...{ phase: "loading", title: path.basename(this.#path), stage: null, inspection: null, error: null },
      ...{ convertible: false, entry: null, stale: false },
    };
    this.#store.add(services.compute.lease());
    this.#store.add(panel.webview.onDidReceiveMessage((raw: unknown) => this.#receive(raw)));
    void this.#load();
  }

  get state(): InspectState {
    return this.#state;
  }

  dispose(): void {
    this.#abort?.abort();
    this.#watcher?.dispose();
    this.#store.dispose();
  }

  async #load(): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#set({ phase: "loading", stage: vscode.l10n.t("Starting the compute process"), error: null, stale: false });
    this.#watch([]);
    try {
      const loaded = await this.#manifest();
      const described = entryOf(loaded, [this.#path]);
      const model = {
        path: this.#path,
        ...(described === undefined || loaded === undefined ? {} : { entry: described, baseFolder: loaded.folder }),
      };
      const params = { model, backend: settings.backend() };
      const inspection = await this.#services.compute.call("inspect", params, {
        signal: abort.signal,
        onEvent: ({ message }) => {
          if (this.#abort === abort) this.#set({ stage: message });
        },
      });
      if (this.#abort !== abort) return;
      const files = inspection.files.map((file) => file.path);
      this.#watch(files);
      const entry = (described ?? entryOf(loaded, files))?.name ?? null;
      this.#set({ phase: "done", stage: null, inspection, entry });
    } catch (error) {
      if (this.#abort !== abort) return;
      this.#services.log.error(this.#state.title, error);
      const convertible = error instanceof PathlightError && error.code === "model-needs-conversion";
      this.#set({ phase: "failed", stage: null, inspection: null, error: errorViewOf(error), convertible });
    }
  }

  #watch(files: readonly string[]): void {
    this.#watcher?.dispose();
    this.#watcher = new SourceWatcher(undefined, this.#path, () => this.#set({ stale: true }));
    this.#watcher.watchModel(files);
  }

  #receive(raw: unknown): void {
    const parsed = inspectToHostSchema.safeParse(raw);
    if (!parsed.success) {
      this.#services.log.error("Inspection", new PathlightError("protocol", parsed.error.message));
      return;
    }
    this.#handle(parsed.data).catch((error: unknown) => this.#services.notify(parsed.data.type, error));
  }

  async #handle(message: InspectToHost): Promise<void> {
    switch (message.type) {
      case "ready":
        return this.#post();
      case "reload":
        return this.#load();
      case "convert":
        return this.#convert();
      case "explain":
        return this.#explain();
      case "manifest":
        return this.#writeManifest();
      case "copy":
        await vscode.env.clipboard.writeText(message.text);
        vscode.window.setStatusBarMessage(vscode.l10n.t("Copied: {0}", message.text), 3000);
        return;
      case "openFile":
        await vscode.commands.executeCommand("revealInExplorer", vscode.Uri.file(message.path));
        return;
      case "showLog":
        return this.#services.log.show();
      case "pageError":
        return this.#services.log.error("Inspection", new Error(`${message.message}\n${message.stack ?? ""}`));
      default:
        assertNever(message);
    }
  }

  async #convert(): Promise<void> {
    const file = await offerConversion(this.#path, this.#services.compute);
    if (file !== undefined) await vscode.commands.executeCommand("pathlight.inspectModel", vscode.Uri.file(file));
  }

  async #writeManifest(): Promise<void> {
    // Nothing is written into a manifest with mistakes: that it has some is what the user is told.
    const loaded = await this.#services.manifests.nearest(this.#path);
    const known = this.#entry(loaded);
    if (known !== undefined && loaded !== undefined) {
      await vscode.window.showTextDocument(vscode.Uri.file(loaded.path));
      return;
    }
    const inferred = this.#state.inspection?.inferred;
    if (inferred === undefined || inferred === null) return;
    const place = placeEntry(inferred, loaded, this.#path);
    await writePlace(place, undefined);
    this.#set({ entry: place.entry.name });
    await vscode.window.showTextDocument(vscode.Uri.file(place.manifest), { viewColumn: vscode.ViewColumn.Beside });
  }

  async #explain(): Promise<void> {
    const { manifests, panels } = this.#services;
    const file = await pickSamples(manifests);
    const sample = file === undefined ? undefined : await sampleOfFile(file);
    const model = sample === undefined ? undefined : await this.#target(file);
    if (sample !== undefined && model !== undefined) await panels.explain({ sample, model });
  }

  /** As the manifest describes it, else as it was inferred. */
  async #target(file: string | undefined): Promise<ModelTarget | undefined> {
    const loaded = await this.#manifest();
    const known = this.#entry(loaded);
    if (known !== undefined && loaded !== undefined) return this.#services.manifests.target(loaded, known, file);
    const { inspection } = this.#state;
    if (inspection?.inferred === undefined || inspection.inferred === null) return undefined;
    const { entry, baseFolder } = inspection.inferred;
    const ref = { path: this.#path, entry, baseFolder };
    return { ref, name: inspection.name, dataset: undefined, manifest: undefined };
  }

  #entry(loaded: LoadedManifest | undefined): ManifestModel | undefined {
    return entryOf(loaded, this.#state.inspection?.files.map((file) => file.path) ?? []);
  }

  /** A manifest with mistakes is no reason not to show the model. */
  async #manifest(): Promise<LoadedManifest | undefined> {
    try {
      return await this.#services.manifests.nearest(this.#path);
    } catch (error) {
      this.#services.log.error("Manifest", error);
      return undefined;
    }
  }

  #set(change: Partial<InspectState>): void {
    this.#state = { ...this.#state, ...change };
    this.#post();
  }

  #post(): void {
    const message: HostToInspect = { type: "state", state: this.#state };
    // A hidden page gets the state when it comes back and says `ready`.
    void this.#panel.webview.postMessage(message);
  }
}
