import assert from "node:assert/strict";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import * as vscode from "vscode";
import { findModels } from "../../../src/host/findModels.ts";
import type { InspectPage } from "../../../src/host/inspectPage.ts";
import { closePanels, explain, extension, inWorkspace, PanelEar, services, until, uriOf } from "./support.ts";

const EDITOR = "pathlight.model";

async function inspect(...names: string[]): Promise<InspectPage> {
  const { inspections } = await services();
  const before = new Set(inspections);
  await vscode.commands.executeCommand("pathlight.inspectModel", uriOf(...names));
  const page = await until("the editor is there", () => [...inspections].find((each) => !before.has(each)));
  await until("the model has been read", () => page.state.phase !== "loading");
  return page;
}

function customEditors(): string[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(({ input }) => (input instanceof vscode.TabInputCustom ? [input.viewType] : []));
}

describe("inspect a model", () => {
  afterEach(closePanels);

  it("from its folder: in an editor of its own, with its entry in the manifest, until it changes on disk", async () => {
    const page = await inspect("models", "digit-scenes");
    await until("its tab is that of the editor", () => customEditors().join() === EDITOR);
    const { inspection, entry, phase } = page.state;
    assert.equal(phase, "done", JSON.stringify(page.state.error));
    assert.equal(inspection?.task, "multi-label");
    assert.equal(inspection?.inputs[0]?.kind, "image");
    assert.ok(inspection?.companions.some(({ what, used }) => what === "labels" && used));
    assert.equal(entry, "digit-scenes");
    const weights = inWorkspace("models", "digit-scenes", "weights.bin");
    const now = new Date();
    utimesSync(weights, now, now);
    await until("the page says that the model has changed", () => page.state.stale);
  });

  it("a model that cannot be built is shown with what it lacks", async () => {
    mkdirSync(inWorkspace("odd"), { recursive: true });
    cpSync(inWorkspace("models", "digit-scenes"), inWorkspace("odd"), { recursive: true });
    const file = inWorkspace("odd", "model.json");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace('"class_name":"GlobalMaxPooling2D"', '"class_name":"Liquid"'),
    );
    const { state } = await inspect("odd", "model.json");
    assert.equal(state.phase, "done");
    assert.equal(state.inspection?.problem?.code, "model-unknown-op");
    assert.deepEqual(
      state.inspection.nodes.flatMap(({ id, unsupported }) => (unsupported ? [id] : [])),
      ["strongest-place"],
    );
    rmSync(inWorkspace("odd"), { recursive: true });
  });

  it("a SavedModel offers to be converted", async () => {
    mkdirSync(inWorkspace("saved"), { recursive: true });
    writeFileSync(inWorkspace("saved", "saved_model.pb"), "");
    const { state } = await inspect("saved");
    assert.equal(state.phase, "failed");
    assert.equal(state.convertible, true);
    assert.match(state.error?.whatToDo ?? "", /pathlight convert .*saved --out .*saved-tfjs/);
    rmSync(inWorkspace("saved"), { recursive: true });
  });

  it("the editor is never the default one of a model file", async () => {
    writeFileSync(inWorkspace("other.onnx"), "not a model");
    await vscode.commands.executeCommand("vscode.open", uriOf("other.onnx"));
    assert.deepEqual(customEditors(), []);
    const contributed: unknown[] = extension().packageJSON.contributes.customEditors;
    assert.deepEqual(
      contributed.map((editor) => Reflect.get(Object(editor), "priority")),
      ["option"],
    );
    rmSync(inWorkspace("other.onnx"));
  });
});

describe("models of the workspace", () => {
  afterEach(closePanels);

  it("are found in every format, a Hugging Face folder once, with packages left out", async () => {
    const made = {
      "found/bert/config.json": "{}",
      "found/bert/onnx/model.onnx": "",
      "found/bert/onnx/model_quantized.onnx": "",
      "found/net.keras": "",
      "found/old.h5": "",
      "found/old.weights.h5": "",
      "found/saved/saved_model.pb": "",
      "found/data/model-notes.json": "{}",
      "found/venv/lib/test.onnx": "",
    };
    for (const [name, content] of Object.entries(made)) {
      const file = inWorkspace(...name.split("/"));
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, content);
    }
    // Other specs leave models of their own behind.
    const folders = ["found", "models"].map((name) => inWorkspace(name) + sep);
    const found = (await findModels()).filter(({ file }) => folders.some((folder) => file.startsWith(folder)));
    const names = found.map(({ label, kind, huggingFace }) => `${label} ${kind}${huggingFace ? " hub" : ""}`).sort();
    assert.deepEqual(names, [
      "bert onnx hub",
      "dates tfjs",
      "digit-scenes tfjs",
      "file-type onnx",
      "heating tfjs",
      "net keras",
      "old keras-h5",
      "question-classifier tfjs",
      "saved saved-model",
    ]);
    rmSync(inWorkspace("found"), { recursive: true });
  });

  it("an open panel watches every file of its model", async () => {
    const panel = await explain("scenes", "0002.png");
    const ear = new PanelEar(panel);
    const weights = inWorkspace("models", "digit-scenes", "weights.bin");
    copyFileSync(weights, `${weights}.copy`);
    copyFileSync(`${weights}.copy`, weights);
    rmSync(`${weights}.copy`);
    await until("the panel says that the model has changed", () => ear.state?.stale === "model");
  });
});

describe("PyTorch in code", () => {
  afterEach(closePanels);

  it("a line that saves a model offers to export it to ONNX", async () => {
    const file = inWorkspace("train.py");
    writeFileSync(file, 'import torch\n\nif best:\n    torch.save(model.state_dict(), "net.pt")\n');
    const document = await vscode.workspace.openTextDocument(file);
    const actionsAt = (line: number): Thenable<vscode.CodeAction[]> =>
      vscode.commands.executeCommand(
        "vscode.executeCodeActionProvider",
        document.uri,
        new vscode.Range(line, 0, line, 0),
      );
    const title = "Pathlight: export this model to ONNX";
    const action = (await actionsAt(3)).find((each) => each.title === title);
    assert.ok(action?.edit);
    assert.equal(
      (await actionsAt(0)).some((each) => each.title === title),
      false,
    );
    await vscode.workspace.applyEdit(action.edit);
    const lines = document.getText().split("\n");
    assert.equal(lines[0], "import copy");
    assert.match(lines[5] ?? "", /^ {4}example = /);
    assert.match(lines[6] ?? "", /^ {4}torch\.onnx\.export\(copy\.deepcopy\(model\).*"net\.onnx"/);
    await vscode.workspace.saveAll();
    rmSync(file);
  });
});
