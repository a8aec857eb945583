import * as vscode from "vscode";
import { locateRows, rowKind } from "../protocol/rows.ts";

/** The lines of a data row in its file; the first line where the row cannot be found. */
export async function rowRange(file: string, row: number): Promise<vscode.Range> {
  const start = new vscode.Range(0, 0, 0, 0);
  const kind = rowKind(file);
  if (kind === null) return start;
  try {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
    const found = locateRows(document.getText(), kind).rows[row];
    if (found === undefined) return start;
    return new vscode.Range(document.positionAt(found.start), document.positionAt(found.end));
  } catch {
    // Too large to open as a document, or gone: the place is lost, the warning is not.
    return start;
  }
}
