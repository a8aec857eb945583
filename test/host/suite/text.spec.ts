import assert from "node:assert/strict";
import * as vscode from "vscode";
import { closePanels, explainRow, explanationOf, inWorkspace, services, until, uriOf } from "./support.ts";

async function lenses(uri: vscode.Uri): Promise<string[]> {
  const found = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", uri, 200);
  return found.flatMap(({ command }) => (command === undefined ? [] : [command.title]));
}

describe("text", () => {
  afterEach(closePanels);

  it("has a lens over each row, and after an explanation its result", async () => {
    const uri = uriOf("questions.jsonl");
    await vscode.window.showTextDocument(uri);
    const before = await lenses(uri);
    assert.equal(before.filter((title) => title.endsWith("Explain")).length, 60);
    await explainRow(11, "questions.jsonl");
    await until("the result stands over the row", async () =>
      (await lenses(uri)).some((title) => /^human [>\d]/.test(title)),
    );
  });

  it("shows which word carries the answer", async () => {
    const explanation = explanationOf(await explainRow(11, "questions.jsonl"));
    assert.equal(explanation.target.label, "human");
    assert.equal(explanation.sample.row, 11);
    const [attribution] = explanation.attributions;
    assert.ok(attribution?.kind === "text");
    const strongest = attribution.tokens.reduce((best, _token, at, { length }) => {
      assert.equal(length, attribution.values.length);
      return (attribution.values[at] ?? 0) > (attribution.values[best] ?? 0) ? at : best;
    }, 0);
    assert.equal(attribution.tokens[strongest]?.text.toLowerCase(), "please");
  });

  it("is explained from a selection in source code", async () => {
    const document = await vscode.workspace.openTextDocument(uriOf("digits.py"));
    const editor = await vscode.window.showTextDocument(document);
    const start = document.getText().indexOf('"Which country');
    const end = document.getText().indexOf('"', start + 1) + 1;
    editor.selection = new vscode.Selection(document.positionAt(start), document.positionAt(end));
    const running = vscode.commands.executeCommand("pathlight.explainSelection");
    // Two models of the sample workspace read text; the question begins with the classifier.
    const { panels } = await services();
    const panel = await until("the first model is taken", async () => {
      await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
      return panels.all.find(({ subject }) => subject?.sample.sample.kind === "text");
    });
    await running;
    assert.equal(panel.subject?.model.name, "question-classifier");
    const [attribution] = explanationOf(panel).attributions;
    assert.ok(attribution?.kind === "text");
    assert.equal(attribution.text, "Which country would you visit to see Machu Picchu, please?");
  });

  it("opens at its row from the panel", async () => {
    const panel = await explainRow(12, "questions.jsonl");
    const { openSample } = await services().then((all) => ({ openSample: all.openSample.bind(all) }));
    await openSample(panel.subject);
    await until("the editor shows the row", () => {
      const editor = vscode.window.activeTextEditor;
      return editor?.document.uri.fsPath === inWorkspace("questions.jsonl") && editor.selection.start.line === 12;
    });
  });
});
