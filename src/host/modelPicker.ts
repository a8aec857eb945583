import * as path from "node:path";
import * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import type { ModelInfo } from "../protocol/compute.ts";
import { settingsSchema } from "../protocol/explain.ts";
import type { Prediction } from "../protocol/explanation.ts";
import { formatProbability, formatScore } from "../protocol/format.ts";
import type { ManifestDataset, ManifestModel } from "../protocol/manifest.ts";
import { areProbabilities } from "../protocol/probability.ts";
import { byStrength } from "../protocol/strength.ts";
import type { ComputeProcess } from "./computeProcess.ts";
import { offerConversion, savedModelFolder } from "./convertCommand.ts";
import { findModels } from "./findModels.ts";
import { relativePath } from "./manifestEntry.ts";
import { placeEntry, writePlace } from "./manifestPlace.ts";
import type { LoadedManifest, ManifestStore } from "./manifestStore.ts";
import { modelExtensions } from "./modelFiles.ts";
import { modelItem } from "./modelItem.ts";
import { settings } from "./settings.ts";
import { type ModelTarget, originOf, type SampleTarget, samplePath } from "./subject.ts";

interface ModelItem extends vscode.QuickPickItem {
  readonly model?: ManifestModel;
  readonly file?: string;
  readonly action?: "browse" | "another";
}

/** Which model explains a sample: by the manifest where it says so, else by asking; the first use writes the manifest. */
export class ModelPicker {
  readonly #manifests: ManifestStore;
  readonly #compute: ComputeProcess;

  constructor(manifests: ManifestStore, compute: ComputeProcess) {
    this.#manifests = manifests;
    this.#compute = compute;
  }

  /** Undefined: the user left. `ask`: also where there is only one answer. */
  async pick(sample: SampleTarget, ask = false): Promise<ModelTarget | undefined> {
    const file = samplePath(sample.sample);
    const loaded = await this.#manifests.nearest(file ?? originOf(sample));
    if (loaded === undefined) return this.#pickFromWorkspace(sample, undefined);
    const choice = this.#manifests.choose(loaded, sample);
    if (choice.kind === "one" && !ask) return this.#manifests.target(loaded, choice.model, file);
    if (choice.kind === "none" && !ask) return this.#pickFromWorkspace(sample, loaded);
    const models = ask || choice.kind !== "several" ? loaded.manifest.models : choice.models;
    const picked = await vscode.window.showQuickPick<ModelItem>(
      [
        ...models.map((model) => ({ label: `$(symbol-class) ${model.name}`, description: model.path, model })),
        { label: "", kind: vscode.QuickPickItemKind.Separator },
        { label: `$(search) ${vscode.l10n.t("Another model…")}`, action: "another" },
      ],
      { title: vscode.l10n.t("Pathlight: which model explains {0}?", sample.title), matchOnDescription: true },
    );
    if (picked?.model !== undefined) return this.#manifests.target(loaded, picked.model, file);
    return picked?.action === "another" ? this.#pickFromWorkspace(sample, loaded) : undefined;
  }

  async #pickFromWorkspace(sample: SampleTarget, loaded: LoadedManifest | undefined): Promise<ModelTarget | undefined> {
    const found = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Pathlight: looking for models") },
      findModels,
    );
    const picked = await vscode.window.showQuickPick<ModelItem>(
      [
        ...found.map(modelItem),
        { label: `$(folder-opened) ${vscode.l10n.t("Browse for a model…")}`, action: "browse" },
      ],
      {
        title: vscode.l10n.t("Pathlight: which model explains {0}?", sample.title),
        placeHolder:
          found.length === 0
            ? vscode.l10n.t("No model was found in the workspace.")
            : vscode.l10n.t("Models found in the workspace"),
        matchOnDescription: true,
      },
    );
    const chosen = picked?.action === "browse" ? await browse() : picked?.file;
    if (chosen === undefined) return undefined;
    const saved = savedModelFolder(chosen);
    const file = saved === undefined ? chosen : await offerConversion(saved, this.#compute);
    return file === undefined ? undefined : this.#inferred(file, sample, loaded);
  }

  /** Shows what was read off the model, with the prediction for this very sample, then writes it down. */
  async #inferred(
    file: string,
    sample: SampleTarget,
    loaded: LoadedManifest | undefined,
  ): Promise<ModelTarget | undefined> {
    const backend = settings.backend();
    const [info, predictions] = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t("Pathlight: reading the model") },
      async () => {
        const model = await this.#compute.call("inspectModel", { model: { path: file }, backend });
        return [model, await this.#predict(file, model, sample)] as const;
      },
    );
    const place = placeEntry(info.inferred, loaded, samplePath(sample.sample) ?? file);
    const { manifest, entry, folder } = place;
    const answer = await confirmInferred(info, predictions, sample, vscode.workspace.asRelativePath(manifest));
    if (answer === undefined) return undefined;
    await writePlace(place, datasetFor(sample, entry.name, folder));
    if (answer === "edit") {
      await vscode.window.showTextDocument(vscode.Uri.file(manifest));
      return undefined;
    }
    return this.#manifests.target(await this.#manifests.read(manifest), entry, samplePath(sample.sample));
  }

  async #predict(file: string, info: ModelInfo, sample: SampleTarget): Promise<readonly Prediction[] | PathlightError> {
    const { entry, baseFolder } = info.inferred;
    try {
      const { predictions } = await this.#compute.call("predict", {
        request: {
          model: { path: file, entry, baseFolder },
          samples: [{ sample: sample.sample }],
          settings: settingsSchema.parse({ backend: settings.backend() }),
        },
      });
      return predictions;
    } catch (error) {
      // What was inferred may not fit this sample; that is to be shown, not to end the choice.
      if (error instanceof PathlightError && error.code !== "compute-died") return error;
      throw error;
    }
  }
}

async function confirmInferred(
  info: ModelInfo,
  predictions: readonly Prediction[] | PathlightError,
  sample: SampleTarget,
  manifest: string,
): Promise<"write" | "edit" | undefined> {
  interface Item extends vscode.QuickPickItem {
    readonly answer?: "write" | "edit";
  }
  const separator = (label: string): Item => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const predicted: Item[] =
    predictions instanceof PathlightError
      ? [{ label: `$(error) ${predictions.message}`, description: predictions.details.whatToDo ?? "" }]
      : [...predictions]
          .sort(byStrength)
          .slice(0, 5)
          .map((prediction) => ({
            label: `$(blank) ${prediction.label}`,
            description: predictionText(prediction),
          }));
  const picked = await vscode.window.showQuickPick<Item>(
    [
      { label: `$(check) ${vscode.l10n.t("Write {0} and explain", manifest)}`, answer: "write" },
      { label: `$(edit) ${vscode.l10n.t("Write {0} and change it first…", manifest)}`, answer: "edit" },
      separator(vscode.l10n.t("Prediction for {0}", sample.title)),
      ...predicted,
      separator(vscode.l10n.t("Read off {0}", info.name)),
      ...info.inferred.notes.map((note) => ({ label: `$(info) ${note}` })),
    ],
    {
      title: vscode.l10n.t("Pathlight: is this right?"),
      placeHolder: vscode.l10n.t("Check the prediction and what was read off the model"),
      ignoreFocusOut: true,
    },
  );
  if (picked === undefined) return undefined;
  return picked.answer ?? confirmInferred(info, predictions, sample, manifest);
}

function predictionText(prediction: Prediction): string {
  return areProbabilities([prediction]) ? formatProbability(prediction.score) : formatScore(prediction.logit);
}

async function browse(): Promise<string | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title: vscode.l10n.t("Choose a model"),
    filters: {
      [vscode.l10n.t("Models")]: [...modelExtensions, "json", "pb"],
      ONNX: ["onnx"],
      Keras: ["keras", "h5", "hdf5"],
      [vscode.l10n.t("TensorFlow.js (model.json)")]: ["json"],
      [vscode.l10n.t("TensorFlow SavedModel (saved_model.pb)")]: ["pb"],
    },
  });
  return picked?.[0]?.fsPath;
}

/** The samples beside this one are read by the same model, so that nobody is asked again. */
function datasetFor(sample: SampleTarget, model: string, folder: string): ManifestDataset | undefined {
  const { sample: ref } = sample;
  if (ref.kind !== "file") return undefined;
  const relative = relativePath(folder, ref.path);
  if (relative.startsWith("..")) return undefined;
  const parent = path.posix.dirname(relative);
  const extension = path.posix.extname(relative);
  const files = ref.row !== undefined ? relative : path.posix.join(parent, `*${extension}`);
  const name = ref.row !== undefined ? path.posix.basename(relative, extension) : parent === "." ? "samples" : parent;
  return { name, files, model, ...(ref.column === undefined ? {} : { text: ref.column }) };
}
