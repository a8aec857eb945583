import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import type { ComputeProcess } from "./computeProcess.ts";
import { offerConversion, savedModelFolder } from "./convertCommand.ts";
import { findModels } from "./findModels.ts";
import { MODEL_EDITOR } from "./modelEditor.ts";
import { modelKindOf } from "./modelFiles.ts";
import { modelItem } from "./modelItem.ts";

/** Opens the page that shows what is in a model: the one that is named, else one that is chosen. */
export async function inspectModel(resource: vscode.Uri | undefined): Promise<void> {
  const file = resource === undefined ? await chooseModelFile() : await modelFileIn(resource.fsPath);
  if (file === undefined) return;
  await vscode.commands.executeCommand("vscode.openWith", vscode.Uri.file(file), MODEL_EDITOR);
}

/** Converts a SavedModel and shows what came out. */
export async function convertSavedModel(resource: vscode.Uri | undefined, compute: ComputeProcess): Promise<void> {
  const chosen = resource?.fsPath ?? (await chooseModelFile(true));
  if (chosen === undefined) return;
  const folder = savedModelFolder(chosen);
  if (folder === undefined) {
    throw new PathlightError("model-not-found", "This is no SavedModel.", {
      file: chosen,
      expected: "a folder with saved_model.pb",
      whatToDo: "Choose the folder that TensorFlow saved the model in.",
    });
  }
  const file = await offerConversion(folder, compute);
  if (file !== undefined) await inspectModel(vscode.Uri.file(file));
}

async function chooseModelFile(savedOnly = false): Promise<string | undefined> {
  const found = (await findModels()).filter(({ kind }) => !savedOnly || kind === "saved-model");
  const title = savedOnly
    ? vscode.l10n.t("Pathlight: convert which SavedModel?")
    : vscode.l10n.t("Pathlight: inspect which model?");
  const placeHolder =
    found.length === 0
      ? vscode.l10n.t("No model was found in the workspace.")
      : vscode.l10n.t("Models found in the workspace");
  const picked = await vscode.window.showQuickPick(found.map(modelItem), {
    title,
    placeHolder,
    matchOnDescription: true,
  });
  return picked?.file;
}

const preferred = ["saved_model.pb", "model.json", "model.onnx", path.join("onnx", "model.onnx"), "model.keras"];

/** The file itself, or the model in a folder. */
async function modelFileIn(place: string): Promise<string> {
  if (statSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) return place;
  const names = new Set([
    ...(await readdir(place)),
    ...(await readdir(path.join(place, "onnx")).catch(() => [])).map((name) => path.join("onnx", name)),
  ]);
  const name = preferred.find((each) => names.has(each)) ?? [...names].find((each) => modelKindOf(each) !== undefined);
  if (name !== undefined) return path.join(place, name);
  throw new PathlightError("model-not-found", "There is no model in this folder.", {
    file: place,
    expected: "model.json, an .onnx, .keras or .h5 file, or saved_model.pb",
    whatToDo: "Choose the model's file, or the folder that holds it.",
  });
}
