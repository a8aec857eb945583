import * as vscode from "vscode";
import { toPathlightError } from "../common/errors.ts";
import { errorSentence } from "./errorView.ts";
import type { Log } from "./log.ts";

/** Tells the user what went wrong outside of a panel. Not awaited: work ends when it ends, not when its message is read. */
export function showError(log: Log, what: string, thrown: unknown): void {
  const error = toPathlightError(thrown);
  if (error.code === "cancelled") return;
  log.error(what, error);
  const show = vscode.l10n.t("Show log");
  const open = vscode.l10n.t("Open pathlight.json");
  const convert = vscode.l10n.t("Convert…");
  const { file } = error.details;
  const extra = file === undefined ? undefined : { "manifest-invalid": open, "model-needs-conversion": convert };
  const buttons = [
    ...Object.entries(extra ?? {}).flatMap(([code, button]) => (code === error.code ? [button] : [])),
    show,
  ];
  void vscode.window.showErrorMessage(errorSentence(error), ...buttons).then((answer) => {
    if (answer === show) log.show();
    if (answer === convert && file !== undefined) {
      return vscode.commands.executeCommand("pathlight.convertSavedModel", vscode.Uri.file(file));
    }
    if (answer === open && file !== undefined) return vscode.window.showTextDocument(vscode.Uri.file(file));
    return undefined;
  });
}
