import * as path from "node:path";
import * as vscode from "vscode";
import type { Explanation } from "../protocol/explanation.ts";
import { scoreKind } from "../protocol/targetWords.ts";
import { type BannerAction, bannerOf } from "../protocol/verdict.ts";
import { rowRange } from "./rowRange.ts";
import { settings } from "./settings.ts";
import { type Subject, samplePath } from "./subject.ts";

const DIAGNOSTIC_SOURCE = "Pathlight";

interface Entry {
  readonly uri: vscode.Uri;
  readonly diagnostic: vscode.Diagnostic;
  readonly actions: readonly BannerAction[];
}

/** A warning on the sample while its shown explanation cannot be trusted: one for each panel, with actions on that panel. */
export class VerdictDiagnostics implements vscode.Disposable, vscode.CodeActionProvider {
  readonly #collection = vscode.languages.createDiagnosticCollection("pathlight");
  readonly #entries = new Map<string, Entry>();
  /** Latest change of each panel: reading a data file takes a moment, and the newest must win. */
  readonly #versions = new Map<string, number>();

  async update(panelId: string, subject: Subject | undefined, explanation: Explanation | undefined): Promise<void> {
    const version = (this.#versions.get(panelId) ?? 0) + 1;
    this.#versions.set(panelId, version);
    const entry = await this.#entryFor(panelId, subject, explanation);
    if (this.#versions.get(panelId) !== version) return;
    const before = this.#entries.get(panelId);
    if (entry === undefined) this.#entries.delete(panelId);
    else this.#entries.set(panelId, entry);
    this.#publish(before?.uri);
    this.#publish(entry?.uri);
  }

  clear(panelId: string): void {
    this.#versions.delete(panelId);
    const before = this.#entries.get(panelId);
    this.#entries.delete(panelId);
    this.#publish(before?.uri);
  }

  /** The fixes of a panel's warning as a list to choose from. */
  async chooseFix(panelId: unknown): Promise<void> {
    const id = typeof panelId === "string" ? panelId : [...this.#entries.keys()][0];
    const entry = id === undefined ? undefined : this.#entries.get(id);
    if (entry === undefined) return;
    const items = entry.actions.map((action) => ({
      label: commandOf(action).title,
      command: commandOf(action).command,
    }));
    const picked = await vscode.window.showQuickPick(items, {
      title: vscode.l10n.t("Pathlight: what to do about it"),
      placeHolder: entry.diagnostic.message,
    });
    if (picked !== undefined) await vscode.commands.executeCommand(picked.command, id);
  }

  /** Quick fixes in the editor of a data row, and in the Problems panel while that editor is open. */
  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    return [...this.#entries].flatMap(([panelId, entry]) => {
      if (entry.uri.toString() !== document.uri.toString()) return [];
      const asked =
        context.diagnostics.some((diagnostic) => isSame(diagnostic, entry.diagnostic)) ||
        entry.diagnostic.range.intersection(range) !== undefined;
      return asked ? actionsOf(panelId, entry) : [];
    });
  }

  dispose(): void {
    this.#entries.clear();
    this.#collection.dispose();
  }

  async #entryFor(
    panelId: string,
    subject: Subject | undefined,
    explanation: Explanation | undefined,
  ): Promise<Entry | undefined> {
    const sample = subject?.sample.sample;
    const file = sample === undefined ? undefined : samplePath(sample);
    if (sample === undefined || file === undefined || explanation === undefined) return undefined;
    const banner = bannerOf(explanation, settings.warnAbove());
    if (banner === null) return undefined;
    const row = sample.kind === "file" ? sample.row : undefined;
    const range = row === undefined ? new vscode.Range(0, 0, 0, 0) : await rowRange(file, row);
    const where = `${explanation.target.label} (${scoreKind(explanation.target)}), ${explanation.baseline.label}`;
    const diagnostic = new vscode.Diagnostic(
      range,
      `${banner.title} ${banner.sentence} [${where}]`,
      vscode.DiagnosticSeverity.Warning,
    );
    diagnostic.source = DIAGNOSTIC_SOURCE;
    // An image has no editor with a light bulb, so the same fixes hang on a link in the Problems panel.
    const link = `command:pathlight.fix?${encodeURIComponent(JSON.stringify([panelId]))}`;
    diagnostic.code = { value: vscode.l10n.t("Fix…"), target: vscode.Uri.parse(link) };
    return { uri: vscode.Uri.file(path.resolve(file)), diagnostic, actions: banner.actions };
  }

  #publish(uri: vscode.Uri | undefined): void {
    if (uri === undefined) return;
    const here = [...this.#entries.values()].filter((entry) => entry.uri.toString() === uri.toString());
    this.#collection.set(
      uri,
      here.map((entry) => entry.diagnostic),
    );
  }
}

function isSame(a: vscode.Diagnostic, b: vscode.Diagnostic): boolean {
  return a.message === b.message && a.range.isEqual(b.range);
}

function actionsOf(panelId: string, { diagnostic, actions }: Entry): vscode.CodeAction[] {
  return actions.map((action, index) => {
    const command = commandOf(action);
    const quickFix = new vscode.CodeAction(`Pathlight: ${command.title}`, vscode.CodeActionKind.QuickFix);
    quickFix.diagnostics = [diagnostic];
    quickFix.isPreferred = index === 0;
    quickFix.command = { ...command, arguments: [panelId] };
    return quickFix;
  });
}

function commandOf(action: Entry["actions"][number]): vscode.Command {
  switch (action) {
    case "refine":
      return { command: "pathlight.refine", title: vscode.l10n.t("Refine") };
    case "explain-logit":
      return { command: "pathlight.explainLogit", title: vscode.l10n.t("Explain the logit instead") };
    case "audit":
      return { command: "pathlight.audit", title: vscode.l10n.t("Check the gradients") };
    case "another-baseline":
      return { command: "pathlight.anotherBaseline", title: vscode.l10n.t("Another baseline…") };
  }
}
