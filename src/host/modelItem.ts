import * as vscode from "vscode";
import { type ModelFile, modelKindNames } from "./modelFiles.ts";

/** A model of the workspace as a line to choose. */
export function modelItem({ file, kind, label, huggingFace }: ModelFile): vscode.QuickPickItem & { file: string } {
  const format = huggingFace ? `${modelKindNames[kind]}, Hugging Face` : modelKindNames[kind];
  return {
    label: `$(symbol-class) ${label}`,
    description: `${format} · ${vscode.workspace.asRelativePath(file)}`,
    file,
  };
}
