import * as vscode from "vscode";
import { DisposableStore } from "../../common/disposable.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import { verdictOf } from "../../protocol/verdict.ts";
import { settings } from "../settings.ts";
import type { SampleTarget } from "../subject.ts";
import type { Match } from "./anchorReaders.ts";
import { explanationSummary } from "./explanationSummary.ts";
import { type HighlightTarget, highlightTarget } from "./highlightTarget.ts";
import { TextAnchor } from "./textAnchor.ts";
import { lookOf, TokenDecorations, type TokenLook } from "./tokenDecorations.ts";
import { tokenHover } from "./tokenHover.ts";
import { changesOf, rangeOf, textOfDocument } from "./vscodeText.ts";
import type { Span } from "./writtenText.ts";

/** A line of text over a line of a document, which leads to an explanation. */
export interface EditorLens {
  readonly line: number;
  readonly title: string;
  readonly tooltip: string;
  readonly command: string;
  readonly arguments: readonly unknown[];
}

/** What belongs to an explanation besides itself. */
export interface HighlightLink {
  /** What a click on its lens does. */
  readonly command: string;
  readonly arguments: readonly unknown[];
  /** The model has changed since. */
  readonly outdated: boolean;
}

interface Entry {
  readonly key: string;
  readonly target: HighlightTarget;
  /** Undefined while its document is not open. */
  anchor: TextAnchor | undefined;
  explanation: Explanation | undefined;
  /** Cleared by the user: not shown again, however often it is said that this is the explanation. */
  cleared: Explanation | undefined;
  link: HighlightLink | undefined;
}

/** A highlight in a document that is open: what is painted, and by how much it has moved since it was found. */
interface Painted {
  readonly entry: Entry;
  readonly explanation: Explanation;
  readonly match: Match;
  readonly moved: number;
}

/** Changes elsewhere move decorations by themselves; a paint that crossed one on its way is put right after so long. */
const REPAINT_MS = 60;

/**
 * The tokens of explained texts in their own documents, in the colours of the panel: a row, a line, a selection or a whole
 * file. They are there only while the very text is that was explained, wherever it has moved, and come back with it.
 */
export class EditorHighlights implements vscode.Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #store = new DisposableStore();
  readonly #decorations = this.#store.add(new TokenDecorations());
  readonly #changed = this.#store.add(new vscode.EventEmitter<void>());
  readonly #paintedEditors = new WeakSet<vscode.TextEditor>();
  #repaint: NodeJS.Timeout | undefined;
  /** What is there came, went or changed; not when it only moved. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    const { window, workspace } = vscode;
    this.#store.add(window.onDidChangeVisibleTextEditors(() => this.#paint()));
    this.#store.add(
      window.onDidChangeActiveColorTheme(() => {
        this.#decorations.dispose();
        this.#paint();
      }),
    );
    this.#store.add(workspace.onDidChangeTextDocument((event) => this.#onTextChange(event)));
    this.#store.add(workspace.onDidOpenTextDocument((document) => this.#onOpen(document)));
    this.#store.add(workspace.onDidCloseTextDocument((document) => this.#onClose(document)));
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        const names = ["pathlight.editorHighlights", "pathlight.codeLens", "pathlight.completeness.warnAbove"];
        if (names.some((name) => event.affectsConfiguration(name))) this.#update();
      }),
    );
  }

  /** From now on `id` is about this sample: where it stands is kept up with, so that a result finds it. */
  follow(id: string, sample: SampleTarget): void {
    const key = JSON.stringify([sample.sample, sample.place ?? null]);
    const before = this.#entries.get(id);
    if (before?.key === key) return;
    const target = highlightTarget(sample);
    this.#entries.delete(id);
    if (target !== null) {
      const entry: Entry = {
        key,
        target,
        anchor: undefined,
        explanation: undefined,
        cleared: undefined,
        link: undefined,
      };
      this.#entries.set(id, entry);
      const document = vscode.workspace.textDocuments.find(({ uri }) => isSame(uri, target.uri));
      if (document !== undefined) entry.anchor = new TextAnchor(target.region(textOfDocument(document)));
    }
    if (before?.explanation !== undefined) this.#update();
  }

  /** What `id` shows of its sample; undefined: nothing. */
  show(id: string, explanation: Explanation | undefined, link: HighlightLink): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const attributions = explanation?.attributions.filter((one) => one.kind === "text") ?? [];
    const empty = attributions.length === 0 || explanation?.evaluations === 0 || explanation === entry.cleared;
    const next = empty ? undefined : explanation;
    const same = entry.explanation === next && JSON.stringify(entry.link) === JSON.stringify(link);
    if (same) return;
    entry.link = link;
    if (entry.explanation !== next) {
      entry.explanation = next;
      // The newest stands last, and last wins.
      this.#entries.delete(id);
      this.#entries.set(id, entry);
      this.#read(entry);
    }
    this.#update();
  }

  clear(id: string): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    if (entry?.explanation !== undefined) this.#update();
  }

  /** Takes all colours and summaries away until the next explanation. */
  clearAll(): void {
    for (const entry of this.#entries.values()) {
      entry.cleared = entry.explanation ?? entry.cleared;
      entry.explanation = undefined;
      this.#read(entry);
    }
    this.#update();
  }

  /** The tokens that are coloured in a document, in its order. */
  painted(
    document: vscode.TextDocument,
  ): { readonly range: vscode.Range; readonly value: number; readonly look: TokenLook }[] {
    return this.#paintedIn(document)
      .flatMap((painted) => looksOf(painted))
      .map(({ span, value, look }) => ({ range: rangeOf(document, span), value, look }))
      .sort((a, b) => a.range.start.compareTo(b.range.start));
  }

  lenses(document: vscode.TextDocument): EditorLens[] {
    return this.#shownIn(document).map(({ entry, explanation, match, moved }) => {
      const summary = explanationSummary(explanation, settings.warnAbove(document.uri));
      const outdated = entry.link?.outdated === true;
      const mark = summary.distrusted ? "$(warning) " : outdated ? "$(history) " : "";
      const old = outdated ? `${vscode.l10n.t("of the model before it changed")} · ` : "";
      return {
        line: document.positionAt(match.container.start + moved).line,
        title: `${mark}${old}${summary.title}`,
        tooltip: summary.details,
        command: entry.link?.command ?? "",
        arguments: entry.link?.arguments ?? [],
      };
    });
  }

  hover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const offset = document.offsetAt(position);
    for (const { explanation, match, moved } of this.#paintedIn(document)) {
      const span = match.tokens.spans.find(({ start, end }) => offset >= start + moved && offset < end + moved);
      if (span === undefined) continue;
      const verdict = verdictOf(explanation, settings.warnAbove(document.uri), "token");
      const reserved = ["low-trust", "suspect", "sharpening"].includes(verdict.kind);
      const why = reserved ? `${verdict.title}: ${verdict.sentence}` : null;
      const text = tokenHover(span, match.tokens, explanation, why);
      return new vscode.Hover(text, rangeOf(document, { start: span.start + moved, end: span.end + moved }));
    }
    return undefined;
  }

  dispose(): void {
    clearTimeout(this.#repaint);
    this.#entries.clear();
    this.#store.dispose();
  }

  #read(entry: Entry): void {
    const document = vscode.workspace.textDocuments.find(({ uri }) => isSame(uri, entry.target.uri));
    if (document === undefined) return;
    const attributions = entry.explanation?.attributions.filter((one) => one.kind === "text") ?? [];
    const reader = attributions.length === 0 ? null : entry.target.reader(attributions);
    entry.anchor ??= new TextAnchor(null);
    entry.anchor.read(reader, textOfDocument(document));
  }

  #onTextChange(event: vscode.TextDocumentChangeEvent): void {
    const changes = changesOf(event);
    if (changes.length === 0) return;
    const text = textOfDocument(event.document);
    let changed = false;
    let moved = false;
    for (const entry of this.#entries.values()) {
      const { anchor } = entry;
      if (anchor === undefined || !isSame(event.document.uri, entry.target.uri)) continue;
      const before = anchor.match;
      anchor.change(changes, text);
      changed ||= anchor.match !== before;
      moved ||= before !== null;
    }
    if (changed) this.#update();
    else if (moved) this.#repaint ??= setTimeout(() => this.#paint(), REPAINT_MS);
  }

  #onOpen(document: vscode.TextDocument): void {
    let changed = false;
    for (const entry of this.#entries.values()) {
      if (!isSame(document.uri, entry.target.uri)) continue;
      entry.anchor = new TextAnchor(null);
      this.#read(entry);
      changed ||= entry.anchor.match !== null;
    }
    if (changed) this.#update();
  }

  #onClose(document: vscode.TextDocument): void {
    for (const entry of this.#entries.values()) {
      if (isSame(document.uri, entry.target.uri)) entry.anchor = undefined;
    }
  }

  /** Newest first; of two that stand at one place the newer is shown. */
  #shownIn(document: vscode.TextDocument): Painted[] {
    const shown: Painted[] = [];
    for (const entry of [...this.#entries.values()].reverse()) {
      const { anchor, explanation } = entry;
      const match = anchor?.match ?? null;
      if (anchor === undefined || match === null || explanation === undefined) continue;
      if (!isSame(document.uri, entry.target.uri)) continue;
      const painted = { entry, explanation, match, moved: anchor.moved };
      if (!shown.some((other) => overlap(placeOf(other), placeOf(painted)))) shown.push(painted);
    }
    return shown;
  }

  #paintedIn(document: vscode.TextDocument): Painted[] {
    return settings.editorHighlights() ? this.#shownIn(document) : [];
  }

  #update(): void {
    this.#paint();
    this.#changed.fire();
  }

  #paint(): void {
    clearTimeout(this.#repaint);
    this.#repaint = undefined;
    for (const editor of vscode.window.visibleTextEditors) {
      const painted = this.painted(editor.document);
      if (painted.length === 0 && !(this.#decorations.areThere && this.#paintedEditors.has(editor))) continue;
      this.#paintedEditors.add(editor);
      const byLook = new Map<TokenLook, vscode.Range[]>();
      for (const { look, range } of painted) {
        const ranges = byLook.get(look);
        if (ranges === undefined) byLook.set(look, [range]);
        else ranges.push(range);
      }
      for (const [look, type] of this.#decorations.all) editor.setDecorations(type, byLook.get(look) ?? []);
    }
  }
}

function looksOf({ explanation, match, moved }: Painted): { span: Span; value: number; look: TokenLook }[] {
  const { kind } = verdictOf(explanation, settings.warnAbove());
  const distrusted = kind === "low-trust" || kind === "suspect";
  return match.tokens.spans.flatMap((span) => {
    const look = lookOf(span, match.tokens, distrusted);
    if (look === null) return [];
    return [{ span: { start: span.start + moved, end: span.end + moved }, value: span.value, look }];
  });
}

function placeOf({ match, moved }: Painted): Span {
  return { start: match.container.start + moved, end: match.container.end + moved };
}

function overlap(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}

function isSame(a: vscode.Uri, b: vscode.Uri): boolean {
  return a.toString() === b.toString();
}
