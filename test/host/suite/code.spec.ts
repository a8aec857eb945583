import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import * as vscode from "vscode";
import { closePanels, explain, inWorkspace, until, uriOf } from "./support.ts";

async function hoverOver(text: string): Promise<string> {
  const document = await vscode.workspace.openTextDocument(uriOf("digits.py"));
  const at = document.positionAt(document.getText().indexOf(text) + 4);
  const found = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", document.uri, at);
  return found
    .flatMap(({ contents }) => contents)
    .map((content) => (typeof content === "string" ? content : content.value))
    .join("\n");
}

describe("in code", () => {
  afterEach(closePanels);

  it("a string that names a sample shows the picture and invites to explain it", async () => {
    const text = await hoverOver("scenes/0001.png");
    assert.match(text, /<img src="data:image\/png;base64,/);
    assert.match(text, /command:pathlight\.explain\?/);
  });

  it("after an explanation it shows prediction and verdict, with the map on the picture", async () => {
    const plain = /data:image\/png;base64,([^"]+)/.exec(await hoverOver("scenes/0007.png"))?.[1];
    await explain("scenes", "0007.png");
    const text = await until("the hover has the map", async () => {
      const now = await hoverOver("scenes/0007.png");
      const picture = /data:image\/png;base64,([^"]+)/.exec(now)?.[1];
      return picture !== undefined && picture !== plain && now;
    });
    assert.match(text, /digit.scenes.*5/);
    assert.match(text, /command:pathlight\.openExplanation\?/);
    assert.match(text, /\*\*[A-Z][a-z ]+\*\*/);
  });

  it("other strings have no hover of Pathlight's", async () => {
    assert.doesNotMatch(await hoverOver("Samples named in code"), /pathlight/);
    assert.doesNotMatch(await hoverOver('"L"'), /pathlight/);
  });

  it("a manifest with mistakes is marked where they stand", async () => {
    mkdirSync(inWorkspace("broken"), { recursive: true });
    const lines = [
      "{",
      '  "version": 1,',
      '  "models": [',
      '    { "name": "m", "path": "model.json", "inptus": [{ "kind": "image" }] }',
      "  ]",
      "}",
    ];
    writeFileSync(inWorkspace("broken", "pathlight.json"), lines.join("\n"));
    const uri = uriOf("broken", "pathlight.json");
    await vscode.window.showTextDocument(uri);
    const found = await until("the mistake is marked", () => {
      const own = vscode.languages.getDiagnostics(uri).filter(({ source }) => source === "Pathlight");
      return own.length > 0 && own;
    });
    assert.ok(
      found.some(({ message, range }) => message.includes("inptus") && range.start.line === 3),
      JSON.stringify(found),
    );
  });

  it("a manifest of the sample workspace has none", async () => {
    const uri = uriOf("pathlight.json");
    await vscode.window.showTextDocument(uri);
    // The checker has seen it when it has seen one opened after it.
    mkdirSync(inWorkspace("later"), { recursive: true });
    writeFileSync(inWorkspace("later", "pathlight.json"), '{ "models": [{ "nmae": "m" }] }');
    const later = uriOf("later", "pathlight.json");
    await vscode.window.showTextDocument(later);
    await until("the later one is marked", () => vscode.languages.getDiagnostics(later).length > 0);
    assert.deepEqual(vscode.languages.getDiagnostics(uri), []);
  });
});
