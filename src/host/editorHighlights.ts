import * as vscode from "vscode";
import { colorScale, type ScaleTheme } from "../common/colorScale.ts";
import { DisposableStore } from "../common/disposable.ts";
import type { Explanation, TextAttribution } from "../protocol/explanation.ts";
import { formatCount, formatShare, formatSigned } from "../protocol/format.ts";
import { type EditorSpan, editorSpans } from "./editorSpans.ts";
import { settings } from "./settings.ts";
import type { Subject } from "./subject.ts";

/** Steps of colour on each side of zero. */
const LEVELS = 6;

interface Shown {
  readonly file: string;
  readonly attribution: TextAttribution;
  readonly deltaF: number;
  readonly target: string;
}

/**
 * The characters of an explained file in its own editor, in the colours of the panel: for on one side of the scale, against
 * on the other, and a line under them that is solid for and dotted against, so that sign is never colour alone. Gone when
 * the document changes, since the values are of what was explained.
 */
export class EditorHighlights implements vscode.Disposable {
  readonly #shown = new Map<string, Shown>();
  readonly #store = new DisposableStore();
  #types: ReadonlyMap<number, vscode.TextEditorDecorationType> | undefined;

  constructor() {
    const { window, workspace } = vscode;
    this.#store.add(window.onDidChangeVisibleTextEditors(() => this.#paint()));
    this.#store.add(
      window.onDidChangeActiveColorTheme(() => {
        this.#forgetTypes();
        this.#paint();
      }),
    );
    this.#store.add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#forgetFile(document.uri.fsPath);
      }),
    );
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("pathlight.editorHighlights")) this.#paint();
      }),
    );
  }

  /** What a panel shows; without an explanation of a whole file its highlights go. */
  update(panelId: string, subject: Subject | undefined, explanation: Explanation | undefined): void {
    const sample = subject?.sample.sample;
    const attribution = explanation?.attributions.find((one) => one.kind === "text");
    const whole = sample?.kind === "file" && sample.row === undefined;
    const before = this.#shown.get(panelId);
    if (!whole || explanation === undefined || attribution === undefined || explanation.evaluations === 0) {
      if (before !== undefined) this.clear(panelId);
      return;
    }
    if (before?.attribution === attribution) return;
    // The newest stands last, and last wins.
    this.#shown.delete(panelId);
    const { deltaF, target } = explanation;
    this.#shown.set(panelId, { file: sample.path, attribution, deltaF, target: target.label });
    this.#paint();
  }

  clear(panelId: string): void {
    if (this.#shown.delete(panelId)) this.#paint();
  }

  /** Whether the editors of a file have colours, or would have them were they open. */
  shows(file: string): boolean {
    return settings.editorHighlights() && [...this.#shown.values()].some((shown) => shown.file === file);
  }

  dispose(): void {
    this.#shown.clear();
    this.#forgetTypes();
    this.#store.dispose();
  }

  #forgetFile(file: string): void {
    let any = false;
    for (const [panelId, shown] of this.#shown) {
      if (shown.file === file) any = this.#shown.delete(panelId) || any;
    }
    if (any) this.#paint();
  }

  #forgetTypes(): void {
    for (const type of this.#types?.values() ?? []) type.dispose();
    this.#types = undefined;
  }

  #paint(): void {
    if (this.#types === undefined && this.#shown.size === 0) return;
    this.#types ??= decorationTypes();
    for (const editor of vscode.window.visibleTextEditors) {
      const { uri } = editor.document;
      const shown = [...this.#shown.values()].findLast(({ file }) => uri.scheme === "file" && file === uri.fsPath);
      const options = shown === undefined || !settings.editorHighlights() ? null : optionsFor(shown, editor.document);
      for (const [level, type] of this.#types) editor.setDecorations(type, options?.get(level) ?? []);
    }
  }
}

function optionsFor(shown: Shown, document: vscode.TextDocument): Map<number, vscode.DecorationOptions[]> | null {
  const spans = editorSpans(shown.attribution, document.getText());
  if (spans === null) return null;
  const limit = spans.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  const byLevel = new Map<number, vscode.DecorationOptions[]>();
  for (const span of spans) {
    const level = levelOf(span.value, limit);
    if (level === 0) continue;
    const { startLine, startColumn, endLine, endColumn } = span;
    const options = {
      range: new vscode.Range(startLine, startColumn, endLine, endColumn),
      hoverMessage: hoverOf(span, spans.length, shown),
    };
    byLevel.set(level, [...(byLevel.get(level) ?? []), options]);
  }
  return byLevel;
}

/** Step of a value on the scale, signed; 0: too small to be seen. */
function levelOf(value: number, limit: number): number {
  return limit === 0 ? 0 : Math.sign(value) * Math.round((Math.abs(value) / limit) * LEVELS);
}

function hoverOf({ value, rank }: EditorSpan, count: number, { deltaF, target }: Shown): vscode.MarkdownString {
  const share = deltaF === 0 ? "" : vscode.l10n.t(", {0} of the change", formatShare(value / deltaF));
  const text = new vscode.MarkdownString();
  text.appendText(
    vscode.l10n.t(
      "Pathlight: {0} for {1}{2}, rank {3} of {4}",
      formatSigned(value),
      target,
      share,
      rank,
      formatCount(count),
    ),
  );
  return text;
}

function decorationTypes(): Map<number, vscode.TextEditorDecorationType> {
  const { kind } = vscode.window.activeColorTheme;
  const highContrast = kind === vscode.ColorThemeKind.HighContrast;
  const types = new Map<number, vscode.TextEditorDecorationType>();
  for (let level = -LEVELS; level <= LEVELS; level++) {
    if (level === 0) continue;
    const look = (theme: ScaleTheme): vscode.ThemableDecorationRenderOptions => {
      const scale = colorScale("pathlight", theme);
      const place = Math.sign(level) * (0.12 + (0.8 * Math.abs(level)) / LEVELS);
      return {
        backgroundColor: scale.css(place),
        color: scale.ink(place),
        borderColor: scale.solid(level),
      };
    };
    types.set(
      level,
      vscode.window.createTextEditorDecorationType({
        borderStyle: level > 0 ? "solid" : "dotted",
        borderWidth: "0 0 2px 0",
        rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
        light: look("light"),
        dark: look(highContrast ? "high-contrast" : "dark"),
      }),
    );
  }
  return types;
}
