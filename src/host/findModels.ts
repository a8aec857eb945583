import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import { type ModelFile, modelExtensions, modelsAmong } from "./modelFiles.ts";

const MOST_MODELS = 200;
/** Packages bring models of their own, for their tests. */
const NOT_HERE = "**/{node_modules,.git,.venv,venv,site-packages}/**";

/** The models of the workspace, in every format, each once. */
export async function findModels(): Promise<ModelFile[]> {
  const [files, tables, saved, configurations] = await Promise.all([
    find(`**/*.{${modelExtensions.join(",")}}`),
    find("**/*model*.json"),
    find("**/saved_model.pb"),
    find("**/config.json"),
  ]);
  const tfjs = await Promise.all(tables.map(async (file) => ((await isTfjs(file)) ? [file] : [])));
  return modelsAmong([...files, ...tfjs.flat(), ...saved], new Set(configurations));
}

async function find(pattern: string): Promise<string[]> {
  const found = await vscode.workspace.findFiles(pattern, NOT_HERE, MOST_MODELS);
  return found.map((uri) => uri.fsPath);
}

/** A `model.json` with a `modelTopology` or weights; other files of that name are not models. */
async function isTfjs(file: string): Promise<boolean> {
  try {
    const text = await readFile(file, "utf8");
    return text.includes('"modelTopology"') || text.includes('"weightsManifest"');
  } catch {
    // Gone since it was listed.
    return false;
  }
}
