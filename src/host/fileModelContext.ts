import { readFile } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Log } from "./log.ts";
import { MANIFEST_NAME } from "./manifestName.ts";

const MOST_MANIFESTS = 20;
const MOST_FILES = 5000;

/**
 * Tells the menus whether a model of the workspace reads whole files (`pathlight.hasFileModel`), and which files a data set
 * gives to one (`pathlight.fileSamples`, absolute paths): menus of other workspaces stay as they are. The parser is only
 * loaded where a manifest speaks of a window.
 */
export class FileModelContext implements vscode.Disposable {
  readonly #log: Log;
  readonly #watcher: vscode.FileSystemWatcher;
  #turn = 0;

  constructor(log: Log) {
    this.#log = log;
    this.#watcher = vscode.workspace.createFileSystemWatcher(`**/${MANIFEST_NAME}`);
    const refresh = (): void => void this.refresh();
    this.#watcher.onDidChange(refresh);
    this.#watcher.onDidCreate(refresh);
    this.#watcher.onDidDelete(refresh);
    refresh();
  }

  async refresh(): Promise<void> {
    this.#turn++;
    const turn = this.#turn;
    try {
      const found = await vscode.workspace.findFiles(`**/${MANIFEST_NAME}`, "**/node_modules/**", MOST_MANIFESTS);
      const samples: string[] = [];
      let any = false;
      for (const { fsPath } of found) {
        const text = await readFile(fsPath, "utf8");
        if (!text.includes('"window"')) continue;
        const { fileDatasets } = await import("./fileDatasets.ts");
        const datasets = fileDatasets(text);
        if (datasets === null) continue;
        any = true;
        for (const glob of datasets) {
          const pattern = new vscode.RelativePattern(vscode.Uri.file(path.dirname(fsPath)), glob);
          samples.push(...(await vscode.workspace.findFiles(pattern, null, MOST_FILES)).map((uri) => uri.fsPath));
        }
      }
      if (turn !== this.#turn) return;
      await vscode.commands.executeCommand("setContext", "pathlight.hasFileModel", any);
      await vscode.commands.executeCommand("setContext", "pathlight.fileSamples", samples);
    } catch (error) {
      // Only menus depend on it; the command itself says what is wrong with a manifest.
      this.#log.error("Menus", error);
    }
  }

  dispose(): void {
    this.#turn++;
    this.#watcher.dispose();
  }
}
