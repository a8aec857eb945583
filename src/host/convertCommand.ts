import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import * as path from "node:path";
import * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import { convertedFolder } from "../protocol/savedModel.ts";
import type { ComputeProcess } from "./computeProcess.ts";

/** The folder of a SavedModel that a path means: the folder, or the `saved_model.pb` in it; undefined: it means none. */
export function savedModelFolder(file: string): string | undefined {
  const folder = path.basename(file) === "saved_model.pb" ? path.dirname(file) : file;
  return existsSync(path.join(folder, "saved_model.pb")) ? folder : undefined;
}

interface Choice extends vscode.QuickPickItem {
  readonly out?: string;
  readonly existing?: boolean;
}

/**
 * Asks whether and where to convert a SavedModel, and does it; the `model.json` that came out. Undefined: the user left
 * or cancelled.
 *
 * @throws PathlightError without a Python that has TensorFlow, for what TensorFlow refuses, and in a workspace that is
 * not trusted: loading a SavedModel runs what is in it.
 */
export async function offerConversion(folder: string, compute: ComputeProcess): Promise<string | undefined> {
  const beside = convertedFolder(folder);
  const there = path.join(beside, "model.json");
  const picked = await vscode.window.showQuickPick<Choice>(
    [
      ...(existsSync(there)
        ? [
            {
              label: `$(check) ${vscode.l10n.t("Use the converted model in {0}", shown(beside))}`,
              out: beside,
              existing: true,
            },
          ]
        : []),
      {
        label: `$(sync) ${vscode.l10n.t("Convert into {0}", shown(beside))}`,
        description: existsSync(there) ? vscode.l10n.t("replaces it") : "",
        out: beside,
      },
      { label: `$(folder-opened) ${vscode.l10n.t("Convert into another folder…")}` },
    ],
    {
      title: vscode.l10n.t("Pathlight: a SavedModel must be converted first"),
      placeHolder: vscode.l10n.t("It is read by TensorFlow in your Python environment; nothing in the folder changes"),
    },
  );
  if (picked === undefined) return undefined;
  if (picked.existing === true) return there;
  const out = picked.out ?? (await chooseFolder(path.basename(beside)));
  return out === undefined ? undefined : convert(folder, out, compute);
}

async function convert(folder: string, out: string, compute: ComputeProcess): Promise<string | undefined> {
  if (!vscode.workspace.isTrusted) {
    throw new PathlightError("usage", "A SavedModel is not converted in a workspace that is not trusted.", {
      file: folder,
      whatToDo: "Trust the workspace first: TensorFlow runs what is in a SavedModel when it loads it.",
    });
  }
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t("Pathlight: converting {0}", path.basename(folder)),
      cancellable: true,
    },
    async (progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      try {
        const { file } = await compute.call(
          "convertSavedModel",
          { folder, out },
          { signal: abort.signal, onEvent: ({ message }) => progress.report({ message }) },
        );
        return file;
      } catch (error) {
        if (error instanceof PathlightError && error.code === "cancelled") return undefined;
        throw error;
      }
    },
  );
}

/** An empty folder, or a new one in the folder that was picked. */
async function chooseFolder(name: string): Promise<string | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title: vscode.l10n.t("Where does the converted model go?"),
    canSelectFiles: false,
    canSelectFolders: true,
  });
  const folder = picked?.[0]?.fsPath;
  if (folder === undefined) return undefined;
  return (await readdir(folder)).length === 0 ? folder : path.join(folder, name);
}

function shown(folder: string): string {
  return vscode.workspace.asRelativePath(folder);
}
