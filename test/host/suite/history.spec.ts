import assert from "node:assert/strict";
import { dirname } from "node:path";
import * as vscode from "vscode";
import { History } from "../../../src/host/history.ts";
import { closePanels, explain, explanationOf, PanelEar, services, until } from "./support.ts";

describe("history", () => {
  afterEach(closePanels);

  it("keeps explanations on disk, where a later window finds them", async () => {
    const panel = await explain("scenes", "0003.png");
    const id = await until("the explanation is remembered", () => panel.current);
    const { history } = await services();
    const later = new History(
      dirname(history.pathOf("index.json")),
      () => 50,
      (error) => assert.fail(String(error)),
    );
    await later.ready;
    const { explanation, picture } = await later.load(id);
    assert.deepEqual(explanation, explanationOf(panel));
    assert.ok(picture !== null && picture.bytes.length > 100);
    assert.equal(later.find(id)?.item.sample, "0003.png");
    later.dispose();
  });

  it("opens an earlier explanation as it was", async () => {
    const panel = await explain("scenes", "0003.png");
    const before = explanationOf(panel);
    const id = panel.current;
    await closePanels();
    await vscode.commands.executeCommand("pathlight.openExplanation", id);
    const { panels } = await services();
    const [reopened] = panels.all;
    assert.ok(reopened);
    assert.deepEqual(explanationOf(reopened), before);
    assert.equal(reopened.phase, "done");
  });

  it("compares two, the older on the left", async () => {
    const first = (await explain("scenes", "0003.png")).current;
    const panel = await explain("scenes", "0004.png");
    const second = panel.current;
    assert.ok(first !== null && second !== null);
    const ear = new PanelEar(panel);
    await vscode.commands.executeCommand(
      "pathlight.compareExplanations",
      undefined,
      [second, first].map((id) => ({ item: { id } })),
    );
    const message = await until("the page gets both", () => ear.messages.find(({ type }) => type === "comparison"));
    assert.ok(message.type === "comparison" && message.comparison !== null);
    assert.equal(message.comparison.left.explanation.sample.title, "0003.png");
    assert.equal(message.comparison.right.explanation.sample.title, "0004.png");
  });

  it("forgets what is deleted", async () => {
    const panel = await explain("scenes", "0005.png");
    const id = panel.current;
    assert.ok(id !== null);
    await vscode.commands.executeCommand("pathlight.deleteExplanation", id);
    const { history } = await services();
    assert.equal(history.find(id), undefined);
    await assert.rejects(history.load(id), { code: "run-unknown" });
  });
});
