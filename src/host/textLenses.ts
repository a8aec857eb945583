import * as vscode from "vscode";
import type { EditorHighlights, EditorLens } from "./editor/editorHighlights.ts";
import type { LiveMode } from "./editor/liveMode.ts";
import { settings } from "./settings.ts";

/** Over each text that has been explained in a document: the explanation in a line, which opens it. */
export class TextLenses implements vscode.CodeLensProvider {
  readonly #highlights: EditorHighlights;
  readonly #live: LiveMode;

  constructor(highlights: EditorHighlights, live: LiveMode) {
    this.#highlights = highlights;
    this.#live = live;
  }

  readonly onDidChange = (listener: () => void): vscode.Disposable =>
    vscode.Disposable.from(this.#highlights.onDidChange(listener), this.#live.onDidChange(listener));

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    return settings.codeLens() ? codeLensesOf(this.of(document)) : [];
  }

  /** What is explained while it is typed speaks for itself: its lens is there also while there is nothing to sum up. */
  of(document: vscode.TextDocument): readonly EditorLens[] {
    const live = this.#live.lenses(document);
    const taken = new Set(live.map(({ line }) => line));
    return [...live, ...this.#highlights.lenses(document).filter(({ line }) => !taken.has(line))];
  }
}

export function codeLensesOf(lenses: readonly EditorLens[]): vscode.CodeLens[] {
  return lenses.map(({ line, title, tooltip, command, arguments: args }) => {
    return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, tooltip, command, arguments: [...args] });
  });
}
