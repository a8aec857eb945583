import assert from "node:assert/strict";
import { closeSync, cpSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import * as vscode from "vscode";
import type { ComputeProcess } from "../../../src/host/computeProcess.ts";
import {
  AnswerGate,
  closePanels,
  explain,
  explanationOf,
  inWorkspace,
  PanelEar,
  panelOf,
  Settings,
  services,
  until,
  uriOf,
} from "./support.ts";

/** Pid of the running process. */
function pidOf(compute: ComputeProcess): number {
  const { pid } = compute;
  assert.ok(pid !== undefined, "the compute process runs");
  return pid;
}

describe("the compute process", () => {
  const settings = new Settings();

  afterEach(async () => {
    await settings.restore();
    await closePanels();
  });

  it("serves two requests at once, in one process", async () => {
    const uris = ["0008.png", "0009.png"].map((name) => uriOf("scenes", name));
    await Promise.all(uris.map((uri) => vscode.commands.executeCommand("pathlight.explain", uri)));
    const { compute } = await services();
    pidOf(compute);
    const panels = await Promise.all(uris.map((uri) => panelOf(uri.fsPath)));
    for (const panel of panels) assert.equal(explanationOf(panel).status, "converged");
  });

  it("a second request for the same sample takes the place of the first", async () => {
    const uri = uriOf("scenes", "0010.png");
    const { compute, panels } = await services();
    await explain("scenes", "0010.png");
    const pid = pidOf(compute);
    // A stopped process cannot answer before the second request is there.
    process.kill(pid, "SIGSTOP");
    const gate = new AnswerGate(compute, "explain");
    try {
      const first = vscode.commands.executeCommand("pathlight.explain", uri);
      await until("the first runs", () => gate.asked === 1);
      assert.ok(panels.all.some(({ phase }) => phase === "loading"));
      const second = vscode.commands.executeCommand("pathlight.explain", uri);
      await until("the second is there", () => gate.asked === 2);
      gate.open();
      process.kill(pid, "SIGCONT");
      await Promise.all([first, second]);
    } finally {
      gate.open();
      process.kill(pid, "SIGCONT");
    }
    const panel = await panelOf(uri.fsPath);
    assert.equal(panel.phase, "done");
    assert.equal(compute.pid, pid);
  });

  it("killed in mid-explanation fails that one by name, and the next request starts it again", async () => {
    const { compute } = await services();
    const panel = await explain("scenes", "0011.png");
    const ear = new PanelEar(panel);
    const pid = pidOf(compute);
    process.kill(pid, "SIGSTOP");
    const pending = vscode.commands.executeCommand("pathlight.explain", uriOf("scenes", "0011.png"));
    await until("it runs", () => panel.phase === "loading");
    process.kill(pid, "SIGKILL");
    await pending;
    assert.equal(panel.phase, "failed");
    const state = await until("the page is told", () => ear.state?.error !== null && ear.state);
    assert.equal(state.error?.code, "compute-died");
    assert.match(state.error?.title ?? "", /killed/i);
    assert.ok(state.error?.whatToDo);
    await vscode.commands.executeCommand("pathlight.explain", uriOf("scenes", "0011.png"));
    assert.equal(panel.phase, "done");
    assert.notEqual(pidOf(compute), pid);
  });

  it("ends when nobody has needed it for a while", async () => {
    await explain("scenes", "0012.png");
    const { compute } = await services();
    const pid = pidOf(compute);
    await settings.set("compute.idleMinutes", 0.1);
    await closePanels();
    await until("the process has ended", () => compute.pid === undefined && !isAlive(pid));
  });

  it("is needed by an open panel", async () => {
    await settings.set("compute.idleMinutes", 0.1);
    await explain("scenes", "0012.png");
    const { compute } = await services();
    const pid = pidOf(compute);
    await new Promise((resolve) => setTimeout(resolve, 7000));
    assert.equal(compute.pid, pid);
  });
});

describe("files that change", () => {
  const settings = new Settings();

  afterEach(async () => {
    await settings.restore();
    await closePanels();
  });

  it("a sample that is deleted while it is explained ends the run with its name", async () => {
    await appears(uriOf("scenes", "doomed.png"), (file) => cpSync(inWorkspace("scenes", "0007.png"), file));
    const panel = await explain("scenes", "doomed.png");
    const ear = new PanelEar(panel);
    const { compute } = await services();
    const pid = pidOf(compute);
    process.kill(pid, "SIGSTOP");
    const pending = vscode.commands.executeCommand("pathlight.explain", uriOf("scenes", "doomed.png"));
    try {
      await until("it runs", () => panel.phase === "loading");
      rmSync(inWorkspace("scenes", "doomed.png"));
      const state = await until("the page is told", () => ear.state?.error != null && ear.state);
      assert.equal(state.error?.code, "sample-not-found");
      assert.match(state.error?.file ?? "", /doomed\.png$/);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await pending;
    assert.equal(panel.phase, "failed");
    assert.equal(compute.pid, pid);
  });

  it("a model that is saved again marks the map as stale", async () => {
    const panel = await explain("scenes", "0013.png");
    const ear = new PanelEar(panel);
    rewrite("models", "digit-scenes", "weights.bin");
    await until("the page is told", () => ear.state?.stale === "model");
    assert.equal(panel.phase, "done");
    await vscode.commands.executeCommand("pathlight.explainAgain");
    await until("before and after are shown", () => ear.messages.some(({ type }) => type === "comparison"));
    await until("the mark is gone", () => ear.state?.stale === null);
  });

  it("with the setting it is explained again at once", async () => {
    await settings.set("onModelChange", "explain");
    const panel = await explain("scenes", "0013.png");
    const ear = new PanelEar(panel);
    rewrite("models", "digit-scenes", "weights.bin");
    const message = await until("before and after are shown", () =>
      ear.messages.find(({ type }) => type === "comparison"),
    );
    assert.ok(message.type === "comparison" && message.comparison !== null);
    assert.deepEqual([message.comparison.leftLabel, message.comparison.rightLabel], ["Before", "After"]);
  });

  it("a text file renamed to .png is refused in the panel, and the next sample works", async () => {
    writeFileSync(inWorkspace("scenes", "text.png"), "This is no picture.\n");
    const { compute, panels } = await services();
    const gate = new AnswerGate(compute, "explain");
    const pending = vscode.commands.executeCommand("pathlight.explain", uriOf("scenes", "text.png"));
    const panel = await until("it is refused", () => {
      const found = panels.all.find(({ subject }) => subject?.sample.title === "text.png");
      return gate.held === 1 && found;
    }).catch((error: unknown) => {
      gate.open();
      throw error;
    });
    const ear = new PanelEar(panel);
    gate.open();
    await pending;
    assert.equal(panel.phase, "failed");
    const state = await until("the page is told", () => ear.state?.error != null && ear.state);
    assert.match(state.error?.file ?? "", /text\.png$/);
    assert.ok(state.error?.whatToDo);
    assert.equal((await explain("scenes", "0014.png")).phase, "done");
  });
});

/**
 * Saves a file anew with the same content, as a training script does that starts from the same seed. In one write: where
 * the machine stops between emptying a file and filling it, there are two changes, and the second comes at any time.
 */
function rewrite(...names: string[]): void {
  const file = inWorkspace(...names);
  const bytes = readFileSync(file);
  const open = openSync(file, "r+");
  try {
    assert.equal(writeSync(open, bytes), bytes.length);
  } finally {
    closeSync(open);
  }
}

/** Makes a file and waits until the workbench knows it: what is made and deleted at once has never been there for it. */
async function appears(uri: vscode.Uri, make: (file: string) => void): Promise<void> {
  const watcher = vscode.workspace.createFileSystemWatcher(
    new vscode.RelativePattern(vscode.Uri.joinPath(uri, ".."), "*"),
  );
  let known = false;
  const listening = watcher.onDidCreate((created) => {
    known ||= created.fsPath === uri.fsPath;
  });
  try {
    make(uri.fsPath);
    await until("the workbench has seen the new file", () => known);
  } finally {
    listening.dispose();
    watcher.dispose();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
