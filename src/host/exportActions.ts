import * as vscode from "vscode";
import { torchRecipe } from "./torchExport.ts";

/** On a line that saves or exports a PyTorch model: the two lines that write it as ONNX. In files and notebook cells. */
export function exportActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
  const source = document.getText();
  if (!source.includes("torch.save") && !source.includes("torch.onnx.export")) return [];
  const recipe = torchRecipe(source, range.start.line);
  if (recipe === undefined) return [];
  const title = vscode.l10n.t("Pathlight: export this model to ONNX");
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.RefactorRewrite);
  action.edit = new vscode.WorkspaceEdit();
  action.edit.insert(document.uri, document.lineAt(recipe.line).range.end, recipe.text);
  if (recipe.importLine !== null) {
    action.edit.insert(document.uri, new vscode.Position(recipe.importLine, 0), "import copy\n");
  }
  return [action];
}
