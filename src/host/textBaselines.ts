import * as vscode from "vscode";
import type { BaselineSpec } from "../protocol/explain.ts";
import { stopWordLabel, stopWordLanguages } from "../protocol/stopWordLanguages.ts";

/** A text that the user types as the baseline of a text; undefined: they left. */
export async function typedBaseline(): Promise<BaselineSpec | undefined> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Pathlight: another text as the baseline"),
    prompt: vscode.l10n.t("It stands in the places of the sample's tokens, padded or cut to as many."),
    validateInput: (typed) => (typed.trim() === "" ? vscode.l10n.t("Type a text.") : undefined),
  });
  return text === undefined ? undefined : { kind: "text", text };
}

/** The stop words of a language, or of a file; undefined: the user left. */
export async function stopWordBaseline(): Promise<BaselineSpec | undefined> {
  const languages = stopWordLanguages
    .map((list) => ({ label: stopWordLabel(list), description: list, list }))
    .sort((a, b) => Number(b.list === "eng") - Number(a.list === "eng") || a.label.localeCompare(b.label));
  const file = { label: vscode.l10n.t("Choose a file…"), description: vscode.l10n.t("one word a line"), list: null };
  const picked = await vscode.window.showQuickPick([...languages, file], {
    title: vscode.l10n.t("Pathlight: stop words that the baseline keeps"),
    matchOnDescription: true,
  });
  if (picked === undefined) return undefined;
  if (picked.list !== null) return { kind: "stop-words", list: picked.list };
  const chosen = await vscode.window.showOpenDialog({
    title: vscode.l10n.t("Choose a list of stop words"),
    filters: { [vscode.l10n.t("Lists of words")]: ["txt", "json"] },
  });
  const [first] = chosen ?? [];
  return first === undefined ? undefined : { kind: "stop-words", list: first.fsPath };
}
