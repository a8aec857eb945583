import assert from "node:assert/strict";
import * as vscode from "vscode";
import {
  closePanels,
  explain,
  explainRow,
  explanationOf,
  panelOf,
  pathlightDiagnostics,
  Settings,
  until,
  uriOf,
} from "./support.ts";

/** A picture whose probability jumps, with too few evaluations for it. */
async function explainSteeply(settings: Settings): Promise<vscode.Uri> {
  await settings.set("maxEvaluations", 9);
  await explain("steep", "scene.png");
  const uri = uriOf("steep", "scene.png");
  await until("the Problems panel says so", () => pathlightDiagnostics(uri).length === 1);
  return uri;
}

async function actionsAt(uri: vscode.Uri, range: vscode.Range): Promise<vscode.CodeAction[]> {
  const found = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    uri,
    range,
    vscode.CodeActionKind.QuickFix.value,
  );
  return found.filter(({ title }) => title.startsWith("Pathlight: "));
}

describe("a map that does not add up", () => {
  const settings = new Settings();

  afterEach(async () => {
    await settings.restore();
    await closePanels();
  });

  it("is a warning on the sample that says how much is missing", async () => {
    const uri = await explainSteeply(settings);
    const [diagnostic] = pathlightDiagnostics(uri);
    assert.ok(diagnostic);
    assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Warning);
    const code = diagnostic.code;
    assert.ok(typeof code === "object" && code.target.toString().startsWith("command:pathlight.fix?"));
    assert.match(diagnostic.message, /Low trust.*adds up to .* but the score changed by/);
    const explanation = explanationOf(await panelOf(uri.fsPath));
    assert.equal(explanation.status, "budget");
    assert.ok((explanation.completenessError.relative ?? 0) > 0.05);
  });

  it("goes with its panel", async () => {
    const uri = await explainSteeply(settings);
    await closePanels();
    await until("the warning is taken back", () => pathlightDiagnostics(uri).length === 0);
  });

  it("goes when it was refined from the nodes already known", async () => {
    const uri = await explainSteeply(settings);
    const panel = await panelOf(uri.fsPath);
    const { runId } = explanationOf(panel);
    for (let round = 0; round < 4 && pathlightDiagnostics(uri).length > 0; round++) {
      await vscode.commands.executeCommand("pathlight.refine", panel.id);
      // The warning is taken back a moment after the map has come.
      await until("the run has ended", () => panel.phase === "done");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until("the warning is taken back", () => pathlightDiagnostics(uri).length === 0);
    const refined = explanationOf(panel);
    assert.equal(refined.runId, runId);
    assert.ok(refined.evaluations > 9);
    assert.ok((refined.completenessError.relative ?? 1) <= 0.05);
  });

  it("offers its ways out on the row, and the logit is one", async () => {
    await settings.set("maxEvaluations", 3);
    await explainRow(11, "steep", "questions.jsonl");
    const uri = uriOf("steep", "questions.jsonl");
    const [diagnostic] = await until("the Problems panel says so", () => {
      const found = pathlightDiagnostics(uri);
      return found.length > 0 && found;
    });
    assert.ok(diagnostic);
    assert.equal(diagnostic.range.start.line, 11);
    await vscode.window.showTextDocument(uri);
    const actions = await actionsAt(uri, diagnostic.range);
    const titles = actions.map(({ title }) => title);
    assert.deepEqual(titles, [
      "Pathlight: Refine",
      "Pathlight: Explain the logit instead",
      "Pathlight: Another baseline…",
    ]);
    assert.equal(actions[0]?.isPreferred, true);
    await settings.restore();
    const logit = actions[1]?.command;
    assert.ok(logit);
    await vscode.commands.executeCommand(logit.command, ...(logit.arguments ?? []));
    const panel = await panelOf(uri.fsPath, 11);
    assert.equal(explanationOf(panel).target.link, "logit");
  });
});
