import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../common/disposable.ts";
import { foldersOfModels } from "./modelFiles.ts";

const PATTERN = "**/{saved_model.pb,model.json,model.onnx,model.keras,model.h5}";
const NOT_HERE = "**/{node_modules,.git,.venv,venv,site-packages}/**";
const MOST = 500;
const QUIET_MS = 1000;

/** Keeps the context key `pathlight.modelFolders`: the folders of the workspace that are a model as a whole. */
export class ModelFolders implements vscode.Disposable {
  readonly #store = new DisposableStore();
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher(PATTERN, false, true, false));
    this.#store.add(watcher.onDidCreate(() => this.#soon()));
    this.#store.add(watcher.onDidDelete(() => this.#soon()));
    this.#store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.#soon()));
    void this.#update();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#store.dispose();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#update(), QUIET_MS);
  }

  async #update(): Promise<void> {
    const found = await vscode.workspace.findFiles(PATTERN, NOT_HERE, MOST);
    const folders = foldersOfModels(found.map((uri) => uri.fsPath));
    const tops = new Set(vscode.workspace.workspaceFolders?.map((folder) => path.normalize(folder.uri.fsPath)));
    await vscode.commands.executeCommand(
      "setContext",
      "pathlight.modelFolders",
      folders.filter((folder) => !tops.has(folder)),
    );
  }
}
