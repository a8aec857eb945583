import { writeFile } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import type { ExplainRequest } from "../protocol/explain.ts";
import type { Explanation } from "../protocol/explanation.ts";
import type { ComputeProcess } from "./computeProcess.ts";
import type { History } from "./history.ts";
import type { PanelController } from "./panelController.ts";

export type ExportFormat = "png" | "html" | "json";

/** Writes what is shown, or an earlier explanation, where the user says. */
export class PanelExport {
  readonly #compute: ComputeProcess;
  readonly #history: History;

  constructor(compute: ComputeProcess, history: History) {
    this.#compute = compute;
    this.#history = history;
  }

  async exportPanel(panel: PanelController, format: ExportFormat): Promise<void> {
    const { shown, request } = panel;
    if (shown === null || request === undefined) {
      throw new PathlightError("usage", "There is no map to export yet.", { whatToDo: "Explain a sample first." });
    }
    if (format === "png") await this.#exportPng(panel, shown.explanation);
    else await this.#exportFiles(shown.explanation, request, format);
  }

  async exportRecord(id: string, format: "html" | "json"): Promise<void> {
    const record = this.#history.find(id);
    const { explanation } = await this.#history.load(id);
    if (record !== undefined) await this.#exportFiles(explanation, record.request, format);
  }

  async #exportPng(panel: PanelController, explanation: Explanation): Promise<void> {
    // Before the dialog: the picture is of what the user saw when he asked.
    const png = await panel.capture();
    const target = await vscode.window.showSaveDialog({
      title: vscode.l10n.t("Export the map"),
      defaultUri: vscode.Uri.file(`${suggestedName(explanation)}.png`),
      filters: { PNG: ["png"] },
    });
    if (target === undefined) return;
    await writeFile(target.fsPath, png);
    await offer(target.fsPath);
  }

  async #exportFiles(explanation: Explanation, request: ExplainRequest, format: "html" | "json"): Promise<void> {
    const picked = await vscode.window.showOpenDialog({
      title:
        format === "html"
          ? vscode.l10n.t("Export the report: choose a folder")
          : vscode.l10n.t("Export JSON and .npy: choose a folder"),
      openLabel: vscode.l10n.t("Export here"),
      canSelectFolders: true,
      canSelectFiles: false,
      defaultUri: vscode.Uri.file(path.dirname(suggestedName(explanation))),
    });
    const parent = picked?.[0]?.fsPath;
    if (parent === undefined) return;
    const folder = path.join(parent, path.basename(suggestedName(explanation)));
    const { files } = await this.#compute.call("exportExplanation", { explanation, request, folder });
    const wanted = format === "html" ? ".html" : ".json";
    const main = files.find((file) => file.endsWith(wanted)) ?? files[0];
    if (main !== undefined) await offer(path.resolve(folder, main));
  }
}

function suggestedName({ sample, target, baseline }: Explanation): string {
  const folder =
    sample.path === null ? (vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "") : path.dirname(sample.path);
  const parts = [sample.path === null ? "text" : path.parse(sample.path).name];
  if (sample.row !== null) parts.push(`row-${sample.row + 1}`);
  parts.push(target.label, baseline.label, "pathlight");
  const name = parts.map((part) => part.replaceAll(/[^\p{L}\p{N}.]+/gu, "-")).join("_");
  return path.join(folder, name);
}

async function offer(file: string): Promise<void> {
  const open = vscode.l10n.t("Open");
  const reveal = vscode.l10n.t("Show in folder");
  const answer = await vscode.window.showInformationMessage(
    vscode.l10n.t("Exported to {0}", vscode.workspace.asRelativePath(file)),
    open,
    reveal,
  );
  const uri = vscode.Uri.file(file);
  if (answer === open) await openExported(uri);
  if (answer === reveal) await vscode.commands.executeCommand("revealInExplorer", uri);
}

/** A report is read in a browser; where the window is a remote one, that must ask for the file itself, so it opens as text. */
async function openExported(uri: vscode.Uri): Promise<void> {
  const external = uri.fsPath.endsWith(".html") && vscode.env.uiKind === vscode.UIKind.Desktop;
  if (!external || !(await vscode.env.openExternal(uri))) await vscode.commands.executeCommand("vscode.open", uri);
}
