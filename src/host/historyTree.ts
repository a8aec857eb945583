import * as vscode from "vscode";
import { formatPercent } from "../protocol/format.ts";
import type { HistoryItem } from "../protocol/panel.ts";
import type { History, HistoryRecord } from "./history.ts";

const icons: Readonly<Record<HistoryItem["verdict"], [icon: string, color: string | undefined]>> = {
  reliable: ["pass", "charts.green"],
  draft: ["edit", undefined],
  "low-trust": ["warning", "editorWarning.foreground"],
  precision: ["info", undefined],
  suspect: ["warning", "editorWarning.foreground"],
  "no-change": ["dash", undefined],
};

export const verdictTitles: Readonly<Record<HistoryItem["verdict"], string>> = {
  reliable: "Reliable",
  draft: "Draft",
  "low-trust": "Low trust",
  precision: "At the precision limit",
  suspect: "Gradient suspect",
  "no-change": "No change to explain",
};

/** Earlier explanations, newest first. */
export class HistoryTree implements vscode.TreeDataProvider<HistoryRecord> {
  readonly onDidChangeTreeData: vscode.Event<void>;
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
    this.onDidChangeTreeData = history.onDidChange;
  }

  async getChildren(record?: HistoryRecord): Promise<HistoryRecord[]> {
    await this.#history.ready;
    return record === undefined ? [...this.#history.records] : [];
  }

  getTreeItem({ item }: HistoryRecord): vscode.TreeItem {
    const [icon, color] = icons[item.verdict];
    const tree = new vscode.TreeItem(item.sample);
    tree.id = item.id;
    tree.description = `${item.target} · ${item.baseline} · ${item.link}`;
    tree.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
    const off = item.sumOff === null ? "" : `, ${vscode.l10n.t("sum off by {0}", formatPercent(item.sumOff))}`;
    const tooltip = new vscode.MarkdownString();
    tooltip.appendText(`${item.sample}\n${item.model}: ${item.target} (${item.link}), ${item.baseline}\n`);
    tooltip.appendText(
      `${verdictTitles[item.verdict]}${off}, ${vscode.l10n.t("{0} evaluations", item.evaluations)}\n${new Date(item.at).toLocaleString()}`,
    );
    tree.tooltip = tooltip;
    tree.accessibilityInformation = { label: `${item.sample}, ${tree.description}, ${verdictTitles[item.verdict]}` };
    tree.contextValue = "explanation";
    tree.command = { command: "pathlight.openExplanation", title: vscode.l10n.t("Open"), arguments: [item.id] };
    return tree;
  }
}
