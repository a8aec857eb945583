import * as path from "node:path";
import * as vscode from "vscode";
import type { History } from "./history.ts";
import { verdictTitles } from "./historyTree.ts";
import type { ManifestStore } from "./manifestStore.ts";
import { sampleFileExtensions, sampleKindOf } from "./sampleKind.ts";

const MOST_FILES = 500;

/** Ids of history items from a command's arguments: an id, a tree item, or the items selected in the tree. */
export function itemIds(item: unknown, selected: unknown): string[] {
  if (Array.isArray(selected) && selected.length > 0) return selected.flatMap((one) => idOf(one));
  return idOf(item);
}

function idOf(item: unknown): string[] {
  if (typeof item === "string") return [item];
  if (typeof item !== "object" || item === null || !("item" in item)) return [];
  const { item: inner } = item;
  if (typeof inner !== "object" || inner === null || !("id" in inner)) return [];
  return typeof inner.id === "string" ? [inner.id] : [];
}

/** Lets the user choose one earlier explanation, or two for a comparison. */
export async function chooseExplanations(history: History, two: boolean, except?: string): Promise<string[]> {
  await history.ready;
  const items = history.records
    .filter((record) => record.item.id !== except)
    .map(({ item }) => ({
      label: item.sample,
      description: `${item.target} · ${item.baseline} · ${item.link}`,
      detail: `${verdictTitles[item.verdict]}, ${item.model}, ${new Date(item.at).toLocaleString()}`,
      id: item.id,
    }));
  if (two) {
    const title = vscode.l10n.t("Pathlight: choose two explanations to compare");
    const picked = await vscode.window.showQuickPick(items, { title, canPickMany: true, matchOnDescription: true });
    return picked?.length === 2 ? picked.map((one) => one.id) : [];
  }
  const title = vscode.l10n.t("Pathlight: choose an explanation");
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true });
  return picked === undefined ? [] : [picked.id];
}

/** Lets the user choose a sample file of the workspace, those of the manifest's folder first. */
export async function pickSamples(manifests: ManifestStore): Promise<string | undefined> {
  const pattern = `**/*.{${sampleFileExtensions.join(",")}}`;
  const found = await vscode.workspace.findFiles(pattern, "**/{node_modules,.git,dist}/**", MOST_FILES);
  const manifest = await manifests.locate(undefined);
  const near = manifest === undefined ? "" : path.dirname(manifest);
  const files = found.map((uri) => uri.fsPath).sort((a, b) => rank(a, near) - rank(b, near) || a.localeCompare(b));
  interface Item extends vscode.QuickPickItem {
    readonly file: string | undefined;
  }
  const items: Item[] = files.map((file) => ({
    label: path.basename(file),
    description: vscode.workspace.asRelativePath(path.dirname(file)),
    file,
  }));
  items.push({ label: `$(folder-opened) ${vscode.l10n.t("Browse…")}`, file: undefined });
  const title = vscode.l10n.t("Pathlight: explain which sample?");
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  if (picked === undefined || picked.file !== undefined) return picked?.file;
  const browsed = await vscode.window.showOpenDialog({
    title,
    filters: { [vscode.l10n.t("Samples")]: [...sampleFileExtensions] },
  });
  return browsed?.[0]?.fsPath;
}

/** Those of the manifest's folder first; text files last, which are as often notes, labels and vocabularies. */
function rank(file: string, near: string): number {
  const far = near !== "" && file.startsWith(near) ? 0 : 4;
  const kind = sampleKindOf(file);
  if (file.toLowerCase().endsWith(".txt")) return far + 3;
  return far + (kind === "image" ? 0 : kind === "rows" ? 1 : 2);
}
