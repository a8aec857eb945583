import * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import { formatPercent } from "../protocol/format.ts";
import { locateRows, type RawRow, type RowFields, type RowKind, rowFields, rowKind } from "../protocol/rows.ts";
import { rowKeyOf } from "./editor/textKey.ts";
import type { History, HistoryRecord } from "./history.ts";
import { settings } from "./settings.ts";
import { codeLensesOf, type TextLenses } from "./textLenses.ts";

const MOST_ROWS = 2000;
const MOST_CHARACTERS = 5_000_000;

interface Result {
  readonly id: string;
  readonly title: string;
  readonly details: string;
}

/**
 * "Explain" over each row of a data file, with the result of the row where there is one: of text only while the row has the
 * texts that were explained, wherever it stands.
 */
export class RowLenses implements vscode.CodeLensProvider {
  readonly #history: History;
  readonly #texts: TextLenses;

  constructor(history: History, texts: TextLenses) {
    this.#history = history;
    this.#texts = texts;
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const kind = rowKind(document.uri.path);
    if (kind === null || !settings.codeLens()) return [];
    const text = document.getText();
    const top = new vscode.Range(0, 0, 0, 0);
    const live = this.#texts.of(document);
    if (text.length > MOST_CHARACTERS) {
      const title = vscode.l10n.t("Pathlight: too large for a lens on each row; explain the row at the cursor");
      const row = { title, command: "pathlight.explainRow", arguments: [document.uri] };
      return [new vscode.CodeLens(top, row), ...codeLensesOf(live)];
    }
    await this.#history.ready;
    const { rows, columns } = locateRows(text, kind);
    const last = this.#lastResults(document.uri.fsPath);
    const lines = new Set(live.map(({ line }) => line));
    const lenses = rows.slice(0, MOST_ROWS).flatMap((raw) => {
      const range = new vscode.Range(raw.line, 0, raw.line, 0);
      const command = { command: "pathlight.explainRow", arguments: [document.uri, raw.row] };
      const explain = new vscode.CodeLens(range, { ...command, title: `$(pulse) ${vscode.l10n.t("Explain")}` });
      const result = lines.has(raw.line) ? undefined : last(raw, kind, columns);
      if (result === undefined) return [explain];
      const { id, title, details: tooltip } = result;
      const open = { command: "pathlight.openExplanation", arguments: [id], title, tooltip };
      return [explain, new vscode.CodeLens(range, open)];
    });
    const all = [...lenses, ...codeLensesOf(live)];
    if (rows.length <= MOST_ROWS) return all;
    const title = vscode.l10n.t("Pathlight: lenses on the first {0} of {1} rows", MOST_ROWS, rows.length);
    return [new vscode.CodeLens(top, { title, command: "pathlight.explainRow", arguments: [document.uri] }), ...all];
  }

  /** The newest result of a row: by its texts, or by its place where the explanation is of numbers. */
  #lastResults(file: string): (raw: RawRow, kind: RowKind, columns: readonly string[] | null) => Result | undefined {
    const byRow = new Map<number, Result>();
    const byText = new Map<string, Result>();
    const readColumns = new Map<string, readonly string[]>();
    for (const record of this.#history.records) {
      const sample = record.request.samples[0]?.sample;
      if (sample === undefined || (sample.kind === "file" ? sample.path : sample.origin) !== file) continue;
      if (record.row !== undefined) {
        const { columns, key, title, details } = record.row;
        readColumns.set(JSON.stringify(columns), columns);
        if (!byText.has(key)) byText.set(key, { id: record.item.id, title, details });
      } else if (sample.kind === "file" && sample.row !== undefined && !byRow.has(sample.row)) {
        byRow.set(sample.row, resultOf(record));
      }
    }
    return (raw, kind, columns) => {
      const values = byText.size === 0 ? null : valuesOf(raw, kind, columns);
      for (const read of values === null ? [] : readColumns.values()) {
        const key = rowKeyOf(values ?? new Map(), read);
        const result = key === null ? undefined : byText.get(key);
        if (result !== undefined) return result;
      }
      return byRow.get(raw.row);
    };
  }
}

/** `human 97.0 % · off by 0.4 %`. */
function resultOf({ item, prediction }: HistoryRecord): Result {
  const off = item.sumOff === null ? "" : ` · ${vscode.l10n.t("off by {0}", formatPercent(item.sumOff))}`;
  const mark = item.verdict === "low-trust" || item.verdict === "suspect" ? "$(warning) " : "";
  return { id: item.id, title: `${mark}${prediction ?? item.target}${off}`, details: "" };
}

/** Null: the row is broken, as it may be while it is typed. */
function valuesOf(raw: RawRow, kind: RowKind, columns: readonly string[] | null): RowFields | null {
  try {
    return rowFields(raw, kind, columns);
  } catch (thrown) {
    if (thrown instanceof PathlightError) return null;
    throw thrown;
  }
}
