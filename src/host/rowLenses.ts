import * as vscode from "vscode";
import { formatPercent } from "../protocol/format.ts";
import { locateRows, rowKind } from "../protocol/rows.ts";
import type { History } from "./history.ts";
import { settings } from "./settings.ts";

const MOST_ROWS = 2000;
const MOST_CHARACTERS = 5_000_000;

/** "Explain" over each row of a data file, with the last result of the row where there is one. */
export class RowLenses implements vscode.CodeLensProvider {
  readonly onDidChangeCodeLenses: vscode.Event<void>;
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
    this.onDidChangeCodeLenses = history.onDidChange;
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const kind = rowKind(document.uri.path);
    if (kind === null || !settings.codeLens()) return [];
    const text = document.getText();
    const top = new vscode.Range(0, 0, 0, 0);
    if (text.length > MOST_CHARACTERS) {
      return [
        new vscode.CodeLens(top, {
          title: vscode.l10n.t("Pathlight: too large for a lens on each row; explain the row at the cursor"),
          command: "pathlight.explainRow",
          arguments: [document.uri],
        }),
      ];
    }
    await this.#history.ready;
    const { rows } = locateRows(text, kind);
    const last = this.#lastResults(document.uri.fsPath);
    const lenses = rows.slice(0, MOST_ROWS).flatMap(({ row, line }) => {
      const range = new vscode.Range(line, 0, line, 0);
      const command = { command: "pathlight.explainRow", arguments: [document.uri, row] };
      const result = last.get(row);
      const explain = new vscode.CodeLens(range, { ...command, title: `$(pulse) ${vscode.l10n.t("Explain")}` });
      if (result === undefined) return [explain];
      const open = { command: "pathlight.openExplanation", arguments: [result.id], title: result.text };
      return [explain, new vscode.CodeLens(range, open)];
    });
    if (rows.length <= MOST_ROWS) return lenses;
    const title = vscode.l10n.t("Pathlight: lenses on the first {0} of {1} rows", MOST_ROWS, rows.length);
    return [new vscode.CodeLens(top, { title, command: "pathlight.explainRow", arguments: [document.uri] }), ...lenses];
  }

  /** By row: `human 97.0 % · off by 0.4 %`. */
  #lastResults(file: string): Map<number, { id: string; text: string }> {
    const results = new Map<number, { id: string; text: string }>();
    for (const { item, request, prediction } of this.#history.records) {
      const sample = request.samples[0]?.sample;
      if (sample?.kind !== "file" || sample.path !== file || sample.row === undefined || results.has(sample.row))
        continue;
      const off = item.sumOff === null ? "" : ` · ${vscode.l10n.t("off by {0}", formatPercent(item.sumOff))}`;
      const mark = item.verdict === "low-trust" || item.verdict === "suspect" ? "$(warning) " : "";
      results.set(sample.row, { id: item.id, text: `${mark}${prediction ?? item.target}${off}` });
    }
    return results;
  }
}
