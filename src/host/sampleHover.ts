import { readFile, stat } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { formatPercent } from "../protocol/format.ts";
import type { History, HistoryRecord } from "./history.ts";
import { verdictTitles } from "./historyTree.ts";
import type { ManifestStore } from "./manifestStore.ts";
import { sampleKindOf } from "./sampleKind.ts";
import type { StringLiteral } from "./stringLiteral.ts";

const LARGEST_INLINE = 60_000;
/** Height in the hover, which shows about 250 pixels without scrolling. */
const SIZE = 112;
const mimeTypes: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".gif": "image/gif",
  ".bmp": "image/bmp",
};
const enabledCommands = ["pathlight.explain", "pathlight.openExplanation", "pathlight.explainText"];

/**
 * Over a string that names a sample: its picture with the last map on it, what the model said and how far to trust it.
 * Reads files only; the compute process is never started for a hover.
 */
export class SampleHover {
  readonly #history: History;
  readonly #manifests: ManifestStore;

  constructor(history: History, manifests: ManifestStore) {
    this.#history = history;
    this.#manifests = manifests;
  }

  async hover(
    document: vscode.TextDocument,
    literal: StringLiteral,
    range: vscode.Range,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | undefined> {
    const file = await this.#find(document, literal.value);
    if (file === undefined || token.isCancellationRequested) return undefined;
    await this.#history.ready;
    const record = this.#history.lastOf(file, undefined);
    const text = new vscode.MarkdownString("", true);
    text.isTrusted = { enabledCommands };
    text.supportHtml = true;
    const picture = await this.#picture(file, record);
    if (token.isCancellationRequested) return undefined;
    if (picture !== undefined) text.appendMarkdown(`<img src="${picture}" height="${SIZE}" alt=""/>\n\n`);
    describe(text, file, record);
    return new vscode.Hover(text, range);
  }

  /** The file that the string names, relative to the source file, the manifest's folder or a workspace folder. */
  async #find(document: vscode.TextDocument, name: string): Promise<string | undefined> {
    if (path.isAbsolute(name)) return (await isFile(name)) ? name : undefined;
    const own = document.uri.scheme === "untitled" ? undefined : document.uri.fsPath;
    for (const folder of await this.#manifests.sampleFolders(own)) {
      const candidate = path.join(folder, name);
      if (await isFile(candidate)) return candidate;
    }
    return undefined;
  }

  /** As a data URI: a hover can show no file of a workspace by its path on a remote machine. */
  async #picture(file: string, record: HistoryRecord | undefined): Promise<string | undefined> {
    if (record?.thumbnail != null) {
      const png = await readFile(this.#history.pathOf(record.thumbnail)).catch(() => undefined);
      if (png !== undefined && png.length <= LARGEST_INLINE) return `data:image/png;base64,${png.toString("base64")}`;
    }
    const mime = mimeTypes[path.extname(file).toLowerCase()];
    if (mime === undefined) return undefined;
    const { size } = await stat(file);
    if (size > LARGEST_INLINE) return vscode.Uri.file(file).toString();
    return `data:${mime};base64,${(await readFile(file)).toString("base64")}`;
  }
}

function describe(text: vscode.MarkdownString, file: string, record: HistoryRecord | undefined): void {
  const link = (title: string, command: string, argument: string): string =>
    `[${title}](command:${command}?${encodeURIComponent(JSON.stringify([argument]))})`;
  const explain = link(vscode.l10n.t("Explain"), "pathlight.explain", vscode.Uri.file(file).toString());
  if (record === undefined) {
    text.appendText(`${path.basename(file)}: ${vscode.l10n.t("not explained yet")}`);
    text.appendMarkdown(`\n\n$(pulse) ${explain}`);
    return;
  }
  const { item, prediction } = record;
  text.appendText(`${item.model}: ${prediction ?? item.target}`);
  const off = item.sumOff === null ? "" : `, ${vscode.l10n.t("sum off by {0}", formatPercent(item.sumOff))}`;
  const mark = item.verdict === "low-trust" || item.verdict === "suspect" ? "$(warning) " : "";
  text.appendMarkdown(`\n\n${mark}**${verdictTitles[item.verdict]}**${off}  \n`);
  text.appendText(`${item.target} (${item.link}), ${item.baseline}`);
  const open = link(vscode.l10n.t("Open the panel"), "pathlight.openExplanation", item.id);
  text.appendMarkdown(`\n\n$(open-preview) ${open} · $(pulse) ${explain}`);
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await stat(file)).isFile();
  } catch {
    // Not there, or not readable: then it is no sample.
    return false;
  }
}

/** A string that can name a sample at all; asked on every hover, so it looks at the text alone. */
export function mayNameSample(value: string): boolean {
  const kind = value.length <= 1024 && !value.includes("\n") ? sampleKindOf(value) : undefined;
  return kind === "image" || kind === "tensor";
}
