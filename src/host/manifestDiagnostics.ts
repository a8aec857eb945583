import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../common/disposable.ts";
import { readManifestText } from "../protocol/manifestText.ts";
import { MANIFEST_NAME } from "./manifestName.ts";

/** Mistakes in open manifests that a JSON schema cannot see, or names less well: typos, models that are named but not there. */
export class ManifestDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection("pathlight-manifest");
  readonly #store = new DisposableStore();

  constructor() {
    this.#store.add(this.#collection);
    this.#store.add(vscode.workspace.onDidOpenTextDocument((document) => this.#check(document)));
    this.#store.add(vscode.workspace.onDidChangeTextDocument(({ document }) => this.#check(document)));
    this.#store.add(vscode.workspace.onDidCloseTextDocument((document) => this.#collection.delete(document.uri)));
    for (const document of vscode.workspace.textDocuments) this.#check(document);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #check(document: vscode.TextDocument): void {
    if (path.basename(document.uri.path) !== MANIFEST_NAME) return;
    const { issues } = readManifestText(document.getText());
    this.#collection.set(
      document.uri,
      issues.map(({ message, offset, length }) => {
        const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
        const diagnostic = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Error);
        diagnostic.source = "Pathlight";
        return diagnostic;
      }),
    );
  }
}
