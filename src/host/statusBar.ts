import * as vscode from "vscode";
import type { BackendInfo, Explanation } from "../protocol/explanation.ts";
import { formatPercent } from "../protocol/format.ts";
import { relativeSumError, type VerdictKind, verdictOf } from "../protocol/verdict.ts";
import type { PanelController } from "./panelController.ts";
import { settings } from "./settings.ts";

const backendNames: Readonly<Record<BackendInfo["name"], string>> = {
  tensorflow: "TensorFlow",
  wasm: "WebAssembly",
  cpu: "JavaScript",
};

const verdictIcons: Readonly<Record<VerdictKind, string>> = {
  sharpening: "sync",
  reliable: "pass",
  draft: "edit",
  "low-trust": "warning",
  precision: "info",
  suspect: "warning",
  "no-change": "dash",
};

/** The verdict of the last run and what computed it; amber while it must not be trusted. A click goes to the panel. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("pathlight.status", vscode.StatusBarAlignment.Right, 90);

  constructor() {
    this.#item.name = "Pathlight";
  }

  update(panel: PanelController | undefined): void {
    const explanation = panel?.shown?.explanation;
    if (panel === undefined) {
      this.#item.hide();
      return;
    }
    this.#item.backgroundColor = undefined;
    if (panel.phase === "loading" || panel.phase === "running") {
      this.#item.text = `$(sync~spin) Pathlight`;
      this.#item.tooltip = vscode.l10n.t("Explaining {0}", panel.subject?.sample.title ?? "");
      this.#item.command = "pathlight.openPanel";
    } else if (panel.phase === "failed" || explanation === undefined) {
      this.#item.text = panel.phase === "failed" ? "$(error) Pathlight" : "$(pulse) Pathlight";
      this.#item.tooltip = vscode.l10n.t("Show the Pathlight panel");
      this.#item.command = "pathlight.openPanel";
    } else this.#showVerdict(explanation);
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }

  #showVerdict(explanation: Explanation): void {
    const verdict = verdictOf(explanation, settings.warnAbove());
    const { backend } = explanation;
    const name = backendNames[backend.name];
    const off = formatPercent(relativeSumError(explanation));
    this.#item.text = `$(${verdictIcons[verdict.kind]}) Pathlight: ${verdict.title} · ${name}`;
    if (verdict.kind === "low-trust" || verdict.kind === "suspect") {
      this.#item.backgroundColor = new vscode.ThemeColor("statusBarItem.warningBackground");
    }
    const tooltip = new vscode.MarkdownString(
      [
        `**${verdict.title}**, ${explanation.sample.title}`,
        verdict.sentence,
        vscode.l10n.t("Sum off by {0}, {1} evaluations", off, explanation.evaluations),
        `${name} ${backend.version}, ${backend.device}${backend.note === undefined ? "" : `: ${backend.note}`}`,
        `[${vscode.l10n.t("Choose backend")}](command:pathlight.chooseBackend)`,
      ].join("\n\n"),
    );
    tooltip.isTrusted = { enabledCommands: ["pathlight.chooseBackend"] };
    this.#item.tooltip = tooltip;
    this.#item.command = "pathlight.openPanel";
  }
}
