import * as vscode from "vscode";
import type { DocumentText, TextChange } from "./documentText.ts";
import type { Span } from "./writtenText.ts";

/** A document of the editor; as it is when it is asked. */
export function textOfDocument(document: vscode.TextDocument): DocumentText {
  return {
    get length() {
      return document.offsetAt(document.lineAt(document.lineCount - 1).range.end);
    },
    slice: (start, end) => document.getText(rangeOf(document, { start, end })),
    lineStart: (offset) => document.offsetAt(document.lineAt(document.positionAt(offset)).range.start),
    lineEnd: (offset) => document.offsetAt(document.lineAt(document.positionAt(offset)).range.end),
  };
}

export function rangeOf(document: vscode.TextDocument, { start, end }: Span): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

export function changesOf({ contentChanges }: vscode.TextDocumentChangeEvent): TextChange[] {
  return contentChanges.map(({ rangeOffset, rangeLength, text }) => ({
    offset: rangeOffset,
    removed: rangeLength,
    inserted: text.length,
  }));
}
