import * as path from "node:path";
import * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import { locateRows, rowKind } from "../protocol/rows.ts";
import { readDataText } from "./dataText.ts";
import { fileTarget, requireKind, rowTarget } from "./sampleTargets.ts";
import type { SampleTarget } from "./subject.ts";

/** A file as a sample; of a data file the row under the cursor, else one that is asked for. Undefined: the user left. */
export async function sampleOfFile(file: string): Promise<SampleTarget | undefined> {
  const kind = requireKind(file);
  if (kind !== "rows") return fileTarget(file, kind);
  const row = await currentOrChosenRow(file);
  return row === undefined ? undefined : rowTarget(file, row);
}

/** The row under the cursor of an open editor of the file, else one chosen from a list. 0-based. */
async function currentOrChosenRow(file: string): Promise<number | undefined> {
  const kind = rowKind(file);
  if (kind === null) return undefined;
  const editor = vscode.window.activeTextEditor;
  const isActive = editor !== undefined && editor.document.uri.fsPath === file;
  // The editor's text may be newer than the file; a file of many megabytes cannot be opened as a document.
  const text = isActive ? editor.document.getText() : await textOf(file);
  const { rows, problem } = locateRows(text, kind);
  if (isActive) {
    const offset = editor.document.offsetAt(editor.selection.active);
    const here = rows.find((row) => offset >= row.start && offset <= row.end);
    if (here !== undefined) return here.row;
  }
  if (rows.length === 0) {
    if (problem !== null) throw new PathlightError(problem.code, problem.message, { ...problem.details, file });
    throw new PathlightError("sample-empty", "The file has no rows.", { file, whatToDo: "Add a row and try again." });
  }
  const picked = await vscode.window.showQuickPick(
    rows.slice(0, 1000).map((row) => ({
      label: row.text.slice(0, 120),
      description: vscode.l10n.t("row {0}, line {1}", row.row + 1, row.line + 1),
      row: row.row,
    })),
    { title: vscode.l10n.t("Pathlight: which row of {0}?", path.basename(file)), matchOnDescription: true },
  );
  return picked?.row;
}

async function textOf(file: string): Promise<string> {
  const opened = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === "file" && uri.fsPath === file);
  if (opened !== undefined) return opened.getText();
  try {
    return (await readDataText(file)).text;
  } catch (cause) {
    throw new PathlightError(
      "sample-not-found",
      "The data file cannot be read.",
      {
        file,
        found: cause instanceof Error ? cause.message : String(cause),
        whatToDo: "Check that the file is there.",
      },
      cause,
    );
  }
}
