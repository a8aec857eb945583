import * as vscode from "vscode";
import type { EditorHighlights, EditorLens } from "./editor/editorHighlights.ts";
import { settings } from "./settings.ts";

/** Over each text that has been explained in a document: the explanation in a line, which opens it. */
export class TextLenses implements vscode.CodeLensProvider {
  readonly #highlights: EditorHighlights;
  readonly onDidChange: vscode.Event<void>;

  constructor(highlights: EditorHighlights) {
    this.#highlights = highlights;
    this.onDidChange = highlights.onDidChange;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    return settings.codeLens() ? codeLensesOf(this.of(document)) : [];
  }

  of(document: vscode.TextDocument): readonly EditorLens[] {
    return this.#highlights.lenses(document);
  }
}

export function codeLensesOf(lenses: readonly EditorLens[]): vscode.CodeLens[] {
  return lenses.map(({ line, title, tooltip, command, arguments: args }) => {
    return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, tooltip, command, arguments: [...args] });
  });
}
