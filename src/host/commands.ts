import * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import { chooseBackend, installTensorFlow } from "./backendCommands.ts";
import { chooseExplanations, itemIds, pickSamples } from "./commandArguments.ts";
import type { CommandHandlers } from "./commandIds.ts";
import { editorCommands } from "./editor/editorCommands.ts";
import { typedFile, typedRow } from "./editor/typedRow.ts";
import type { HistoryRecord } from "./history.ts";
import { convertSavedModel, inspectModel } from "./inspectCommand.ts";
import { sampleKindOf } from "./sampleKind.ts";
import { sampleOfFile } from "./sampleOfFile.ts";
import { rowTarget, sampleFor, selectionTarget, textTarget, wholeFileTarget } from "./sampleTargets.ts";
import type { Services } from "./services.ts";
import type { SampleTarget } from "./subject.ts";

/** What each command does. Errors are shown by whoever calls. */
export function commandHandlers(services: Services): CommandHandlers {
  const { panels, history, exporter } = services;

  const explain = async (sample: SampleTarget): Promise<void> => {
    // Before anything is waited for: the row that was asked for is the one that stands there now.
    const typed = typedFile(sample);
    const model = await services.models.pick(sample);
    if (model === undefined) return;
    await panels.explain({ sample: typedRow(sampleFor(sample, model.ref.entry), typed, model), model });
  };

  const explainFile = async (file: string): Promise<void> => {
    const use = await services.manifests.fileUse(file);
    if (use.mapped || (use.possible && sampleKindOf(file) === undefined)) return explain(wholeFileTarget(file));
    const sample = await sampleOfFile(file);
    if (sample !== undefined) await explain(sample);
  };

  const exportItem = async (argument: unknown, format: "png" | "html" | "json"): Promise<void> => {
    const [id] = itemIds(argument, undefined);
    if (id !== undefined && format !== "png") return exporter.exportRecord(id, format);
    if (id !== undefined) await panels.openRecord(id);
    const panel = panels.active;
    if (panel !== undefined) await exporter.exportPanel(panel, format);
  };

  return {
    "pathlight.explain": async (resource) => {
      const uri = uriOf(resource) ?? activeFile();
      const use = uri?.scheme === "file" ? await services.manifests.fileUse(uri.fsPath) : undefined;
      // Asked for by the file itself, a file that is a sample is meant as a whole, whatever is selected in it.
      if (uri !== undefined && resource !== undefined && use?.mapped === true) return explainFile(uri.fsPath);
      if (uri !== undefined && (uri.scheme !== "file" || sampleKindOf(uri.fsPath) === undefined)) {
        const editor = vscode.window.activeTextEditor;
        const selection = editor?.document.uri.toString() === uri.toString() ? selectionTarget(editor) : undefined;
        if (selection !== undefined) return explain(selection);
        if (resource !== undefined || use?.possible === true) return explainFile(uri.fsPath);
      } else if (uri !== undefined) return explainFile(uri.fsPath);
      const picked = await pickSamples(services.manifests);
      if (picked !== undefined) await explainFile(picked);
    },
    "pathlight.explainRow": async (resource, row) => {
      const uri = uriOf(resource) ?? activeFile();
      if (uri === undefined) return;
      if (typeof row === "number" && Number.isInteger(row) && row >= 0) return explain(rowTarget(uri.fsPath, row));
      await explainFile(uri.fsPath);
    },
    "pathlight.explainSelection": async () => {
      const editor = vscode.window.activeTextEditor;
      const selection = editor === undefined ? undefined : selectionTarget(editor);
      if (selection !== undefined) return explain(selection);
      throw new PathlightError("sample-empty", "Nothing is selected.", {
        whatToDo: "Select the text that is to be explained.",
      });
    },
    "pathlight.explainText": async (text, origin) => {
      if (typeof text === "string") await explain(textTarget(text, typeof origin === "string" ? origin : undefined));
    },
    "pathlight.openPanel": async () => {
      const panel = panels.active;
      if (panel !== undefined) return panel.panel.reveal();
      const [latest] = history.records;
      if (latest !== undefined) return panels.openRecord(latest.item.id);
      await vscode.commands.executeCommand("pathlight.history.focus");
    },
    "pathlight.openExplanation": async (item) => {
      const [id] = itemIds(item, undefined);
      const chosen = id ?? (await chooseExplanations(history, false))[0];
      if (chosen !== undefined) await panels.openRecord(chosen);
    },
    "pathlight.deleteExplanation": async (item, selected) => history.delete(itemIds(item, selected)),
    "pathlight.compareExplanations": async (item, selected) => {
      const ids = itemIds(item, selected);
      await compare(services, ids.length === 2 ? ids : await chooseExplanations(history, true));
    },
    "pathlight.compareWith": async () => {
      const current = panels.active?.current ?? null;
      if (current === null) return compare(services, await chooseExplanations(history, true));
      const [other] = await chooseExplanations(history, false, current);
      if (other !== undefined) await compare(services, [other, current]);
    },
    "pathlight.clearHistory": async () => {
      const clear = vscode.l10n.t("Delete all");
      const question = vscode.l10n.t("Delete all {0} earlier explanations?", history.records.length);
      const answer = await vscode.window.showWarningMessage(question, { modal: true }, clear);
      if (answer === clear) await history.delete(history.records.map((record) => record.item.id));
    },
    "pathlight.exportImage": (item) => exportItem(item, "png"),
    "pathlight.exportReport": (item) => exportItem(item, "html"),
    "pathlight.exportData": (item) => exportItem(item, "json"),
    "pathlight.refine": async (panelId) => panels.find(panelId)?.refine(),
    "pathlight.explainLogit": async (panelId) => panels.find(panelId)?.explainLogit(),
    "pathlight.anotherBaseline": (panelId) => panels.find(panelId)?.anotherBaseline(),
    "pathlight.audit": async (panelId) => panels.find(panelId)?.followUps.audit(),
    "pathlight.fix": (panelId) => services.diagnostics.chooseFix(panelId),
    "pathlight.explainAgain": async () => panels.active?.explainAgain(),
    "pathlight.cancel": () => panels.active?.cancel(),
    "pathlight.chooseModel": async () => {
      const panel = panels.active;
      if (panel !== undefined) await services.chooseModel(panel);
    },
    "pathlight.inspectModel": async (resource) => inspectModel(uriOf(resource)),
    "pathlight.convertSavedModel": async (resource) => convertSavedModel(uriOf(resource), services.compute),
    "pathlight.chooseBackend": () => chooseBackend(services),
    "pathlight.installTensorFlow": () => installTensorFlow(services),
    "pathlight.restartCompute": () => services.compute.end("it was restarted by hand"),
    "pathlight.openManifest": () => services.openManifest(activeFile()?.fsPath),
    "pathlight.openSamples": async () => {
      const folder = services.context.asAbsolutePath("samples");
      await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.file(folder), { forceNewWindow: true });
    },
    "pathlight.showLog": () => services.log.show(),
    ...editorCommands(services),
  };
}

async function compare(services: Services, ids: readonly string[]): Promise<void> {
  const [left, right] = ids;
  if (left === undefined || right === undefined) return;
  // Older on the left, as people read before and after.
  const order = services.history.records.map((record: HistoryRecord) => record.item.id);
  const pair: [string, string] = order.indexOf(left) > order.indexOf(right) ? [left, right] : [right, left];
  await services.panels.openRecord(pair[1]);
  const panel = services.panels.all.find((candidate) => candidate.current === pair[1]);
  await panel?.compare(pair);
}

function uriOf(resource: unknown): vscode.Uri | undefined {
  if (resource instanceof vscode.Uri) return resource;
  return typeof resource === "string" && resource !== "" ? vscode.Uri.parse(resource) : undefined;
}

function activeFile(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) return input.uri;
  return vscode.window.activeTextEditor?.document.uri;
}
