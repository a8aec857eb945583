import assert from "node:assert/strict";
import { closeSync, openSync, rmSync, truncateSync, writeSync } from "node:fs";
import * as vscode from "vscode";
import type { PanelController } from "../../../src/host/panelController.ts";
import type { ErrorView } from "../../../src/protocol/errorView.ts";
import type { PanelState } from "../../../src/protocol/panel.ts";
import { BadFolder } from "./badFolder.ts";
import {
  closePanels,
  explain,
  explanationOf,
  inWorkspace,
  PanelEar,
  panelOf,
  pathlightDiagnostics,
  Settings,
  services,
  until,
} from "./support.ts";

interface BadCase {
  readonly name: string;
  /** Makes the folder; returns the sample that is explained, and for a data file the row. */
  readonly make: (folder: BadFolder) => { readonly sample: string; readonly row?: number };
  readonly code: string;
  /** The file at fault, in the folder; left out where it is none. */
  readonly file?: string;
  /** What the error view says, each somewhere in it. */
  readonly says: readonly RegExp[];
}

const scene = { sample: "scene.png" };
const firstRow = { sample: "rows.jsonl", row: 0 };
const numbers = { sample: "x.npy" };

const models: readonly BadCase[] = [
  {
    name: "a model file that is truncated",
    make: (folder) => {
      truncateSync(folder.pictures().file("model.json"), 900);
      return scene;
    },
    code: "model-invalid",
    file: "model.json",
    says: [/truncated/, /breaks off after 900/],
  },
  {
    name: "a model file that is no JSON",
    make: (folder) => {
      folder.pictures().write("model.json", "Dear model, please load.");
      return scene;
    },
    code: "model-invalid",
    file: "model.json",
    says: [/not JSON/],
  },
  {
    name: "a model that misses a shard",
    make: (folder) => {
      rmSync(folder.pictures().file("weights.bin"));
      return scene;
    },
    code: "model-shard-missing",
    file: "weights.bin",
    says: [/missing|not there|no such/i],
  },
  {
    name: "a shard of the wrong size",
    make: (folder) => {
      truncateSync(folder.pictures().file("weights.bin"), 1000);
      return scene;
    },
    code: "model-shard-size",
    file: "weights.bin",
    says: [/216488 bytes/, /1000 bytes/],
  },
  {
    name: "an unknown layer",
    make: (folder) => {
      folder
        .pictures()
        .edit("model.json", (bytes) =>
          bytes.toString().replace('"class_name":"GlobalMaxPooling2D"', '"class_name":"Quantum"'),
        );
      return scene;
    },
    code: "model-unknown-op",
    file: "model.json",
    says: [/Quantum at strongest-place/],
  },
  {
    name: "an unknown op",
    make: (folder) => {
      folder.graph(2, [{ name: "leap", op: "QuantumLeap", input: ["x"] }], [1, 1]);
      return numbers;
    },
    code: "model-unknown-op",
    file: "model.json",
    says: [/QuantumLeap at leap/],
  },
  {
    name: "a dynamic input shape that nothing settles",
    make: (folder) => {
      folder.dense([1], [1, 2, 3], null);
      return numbers;
    },
    code: "model-unsupported-shape",
    file: "model.json",
    says: [/leaves a size open/, /\[any,any\]/],
  },
  {
    name: "NaN in a weight, by the layer's name",
    make: (folder) => {
      folder.pictures().edit("weights.bin", (bytes) => {
        bytes.writeFloatLE(Number.NaN, 12);
        return bytes;
      });
      return scene;
    },
    code: "not-finite",
    file: "model.json",
    says: [/conv\w*\/kernel/, /NaN/],
  },
];

const pictures: readonly BadCase[] = [
  {
    name: "a picture that is truncated",
    make: (folder) => {
      folder.pictures().edit("scene.png", (bytes) => bytes.subarray(0, bytes.length / 2));
      return scene;
    },
    code: "sample-unreadable",
    file: "scene.png",
    says: [/truncated|damaged/i],
  },
  {
    name: "a picture of 0 × 0",
    make: (folder) => {
      folder.pictures().edit("scene.png", (bytes) => sized(bytes, 0));
      return scene;
    },
    code: "sample-unreadable",
    file: "scene.png",
    says: [/0 × 0/],
  },
  {
    name: "a picture of 30 000 × 30 000",
    make: (folder) => {
      folder.pictures().edit("scene.png", (bytes) => sized(bytes, 30_000));
      return scene;
    },
    code: "sample-too-large",
    file: "scene.png",
    says: [/30000 × 30000/, /at most/],
  },
  {
    name: "a text file renamed to .png",
    make: (folder) => {
      folder.pictures().write("scene.png", "This is a text file that was renamed.\n");
      return scene;
    },
    code: "sample-unreadable",
    file: "scene.png",
    says: [/This is a text/],
  },
];

const dataFiles: readonly BadCase[] = [
  {
    name: "an empty data file",
    make: (folder) => {
      folder.rows().write("rows.jsonl", "");
      return firstRow;
    },
    code: "sample-empty",
    file: "rows.jsonl",
    says: [/no rows/i],
  },
  {
    name: "a data file in another encoding",
    make: (folder) => {
      folder.rows().write("rows.jsonl", Buffer.from('{"question":"Who owns the caf\xe9?"}\n', "latin1"));
      return firstRow;
    },
    code: "sample-unreadable",
    file: "rows.jsonl",
    says: [/UTF-8/],
  },
  {
    name: "a row without the column",
    make: (folder) => {
      folder.rows();
      return { sample: "rows.jsonl", row: 1 };
    },
    code: "sample-column-missing",
    file: "rows.jsonl",
    says: [/question/, /answer/],
  },
  {
    name: "a row that is not there",
    make: (folder) => {
      folder.rows();
      return { sample: "rows.jsonl", row: 7 };
    },
    code: "sample-row-missing",
    file: "rows.jsonl",
    says: [/from 0 to 1|2 rows/],
  },
  {
    name: "a data file of one line of 200 MB",
    make: (folder) => {
      const file = openSync(folder.rows().file("rows.jsonl"), "w");
      const words = Buffer.from("who ".repeat(250_000));
      writeSync(file, '{"question":"');
      for (let written = 0; written < 200e6; written += words.length) writeSync(file, words);
      writeSync(file, '"}\n');
      closeSync(file);
      return firstRow;
    },
    code: "sample-too-large",
    file: "rows.jsonl",
    says: [/large|long/i],
  },
  {
    name: "a row of empty text",
    make: (folder) => {
      folder.rows().write("rows.jsonl", '{"question":"  "}\n');
      return firstRow;
    },
    code: "sample-empty",
    file: "rows.jsonl",
    says: [/empty|no tokens/i],
  },
];

const values: readonly BadCase[] = [
  {
    name: "a tensor of another shape",
    make: (folder) => {
      folder.dense([1, 2], [1, 2, 3]);
      return numbers;
    },
    code: "sample-shape",
    file: "x.npy",
    says: [/\b2\b/, /\b3\b/],
  },
  {
    name: "NaN in the input",
    make: (folder) => {
      folder.dense([1, 2], [1, Number.NaN]);
      return numbers;
    },
    code: "not-finite",
    file: "x.npy",
    says: [/NaN|not finite|not a finite/i],
  },
  {
    name: "infinity inside the network, by the node's name",
    make: (folder) => {
      folder.dense([3e38, 3e38], [1, 1]);
      return numbers;
    },
    code: "not-finite",
    says: [/dense/, /infinit|finite/i],
  },
  {
    name: "a gradient that is not finite, by the node's name",
    make: (folder) => {
      folder.graph(2, [{ name: "root", op: "Sqrt", input: ["x"] }], [1, 1]);
      return numbers;
    },
    code: "not-finite",
    says: [/gradient/i, /first appears at root, which reads x/],
  },
  {
    name: "a sample that is its own baseline",
    make: (folder) => {
      folder.dense([1, 2], [0, 0]);
      return numbers;
    },
    code: "same-as-baseline",
    says: [/baseline/i, /same|equal/i],
  },
];

/** Another width and height in a PNG's header. */
function sized(bytes: Buffer, size: number): Buffer {
  bytes.writeUInt32BE(size, 16);
  bytes.writeUInt32BE(size, 20);
  return bytes;
}

describe("bad input in the panel", () => {
  const settings = new Settings();

  afterEach(async () => {
    await settings.restore();
    await closePanels();
  });

  for (const bad of [...models, ...pictures, ...dataFiles, ...values]) {
    it(`${bad.name}: one clear message, and everything goes on`, async () => {
      const folder = new BadFolder(bad.name.replaceAll(/\W+/g, "-"));
      const { sample, row } = bad.make(folder);
      const pid = await pidOfRunning();
      const error = await failure(folder, sample, row);
      assert.equal(error.code, bad.code, JSON.stringify(error));
      const text = [error.title, error.expected, error.found, error.whatToDo].join(" ");
      for (const pattern of bad.says) assert.match(text, pattern);
      if (bad.file !== undefined) assert.equal(error.file, folder.file(bad.file));
      assert.doesNotMatch(text, /undefined|\[object|TypeError|\n\s+at /);
      await goesOn(folder.uri(sample), pid);
      rmSync(folder.path, { recursive: true, force: true });
    });
  }

  it("a target out of range, and one in range after it", async () => {
    const folder = new BadFolder("target").pictures();
    await vscode.commands.executeCommand("pathlight.explain", folder.uri("scene.png"));
    const panel = await panelOf(folder.file("scene.png"));
    const before = explanationOf(panel);
    const error = await failing(panel, () => panel.set({ target: { kind: "index", index: 10 } }));
    assert.equal(error.code, "target-invalid");
    assert.match(`${error.expected} ${error.found}`, /0 to 9.*10/);
    assert.ok(error.whatToDo);
    await panel.set({ target: { kind: "label", label: before.target.label } });
    assert.equal(panel.phase, "done");
    assert.deepEqual(pathlightDiagnostics(folder.uri("scene.png")), []);
  });

  it("a baseline of another shape, one that is the sample, and a good one after them", async () => {
    const folder = new BadFolder("baseline").dense([1, 2], [1, 2]).npy("wide.npy", [3], [0, 0, 0]);
    await vscode.commands.executeCommand("pathlight.explain", folder.uri("x.npy"));
    const panel = await panelOf(folder.file("x.npy"));
    const shape = await failing(panel, () => panel.set({ baseline: { kind: "file", path: folder.file("wide.npy") } }));
    assert.deepEqual([shape.code, shape.file], ["baseline-invalid", folder.file("wide.npy")]);
    assert.match(`${shape.expected} ${shape.found}`, /2.*3/);
    const same = await failing(panel, () => panel.set({ baseline: { kind: "file", path: folder.file("x.npy") } }));
    assert.equal(same.code, "same-as-baseline");
    await panel.set({ baseline: { kind: "name", name: "ones" } });
    assert.equal(panel.phase, "done");
    assert.equal(explanationOf(panel).deltaF, 2);
  });

  it("a change of the score of zero is explained with its note, without a relative error", async () => {
    const folder = new BadFolder("no-change").dense([1, -1], [1, 1]);
    await vscode.commands.executeCommand("pathlight.explain", folder.uri("x.npy"));
    const explanation = explanationOf(await panelOf(folder.file("x.npy")));
    assert.equal(explanation.deltaF, 0);
    assert.equal(explanation.completenessError.relative, null);
    assert.ok(explanation.warnings.length > 0, JSON.stringify(explanation.warnings));
    const [attribution] = explanation.attributions;
    assert.ok(attribution !== undefined);
    assert.deepEqual([...attribution.values], [1, -1]);
  });

  it("text that is longer than the model takes is cut, and the panel is told where", async () => {
    const text = `Who ${"really ".repeat(60)}wrote it?`;
    const folder = new BadFolder("long-text").rows().write("rows.jsonl", `${JSON.stringify({ question: text })}\n`);
    await vscode.commands.executeCommand("pathlight.explainRow", folder.uri("rows.jsonl"), 0);
    const explanation = explanationOf(await panelOf(folder.file("rows.jsonl"), 0));
    const [attribution] = explanation.attributions;
    assert.ok(attribution?.kind === "text");
    // 32 tokens: one "Who" and 31 times "really".
    assert.equal(attribution.truncatedFrom, "Who ".length + 31 * "really ".length);
    assert.ok(
      explanation.warnings.some(({ code }) => code === "truncated"),
      JSON.stringify(explanation.warnings),
    );
  });

  it("a data file of 200 MB gives the row that is asked for", async () => {
    const folder = new BadFolder("huge").rows();
    const file = openSync(folder.file("rows.jsonl"), "w");
    const block = Buffer.from('{"question":"Who wrote Hamlet?"}\n'.repeat(30_000));
    for (let written = 0; written < 200e6; written += block.length) writeSync(file, block);
    closeSync(file);
    try {
      await vscode.commands.executeCommand("pathlight.explainRow", folder.uri("rows.jsonl"), 100);
      assert.equal((await panelOf(folder.file("rows.jsonl"), 100)).phase, "done");
    } finally {
      rmSync(folder.path, { recursive: true, force: true });
    }
  });

  it("empty text, selected or given, is refused in a panel of its own", async () => {
    const panels = (await services()).panels;
    await vscode.commands.executeCommand("pathlight.explainText", " ", inWorkspace("questions.jsonl"));
    const panel = await until("the panel is there", () =>
      panels.all.find(({ subject }) => subject?.sample.kind === "text"),
    );
    assert.equal(panel.phase, "failed");
    const error = await failing(panel, () => panel.explainAgain());
    assert.equal(error.code, "sample-empty");
    assert.ok(error.whatToDo);
  });

  it("a manifest with a typo is told with its line, beside the marks in the Problems panel", async () => {
    const folder = new BadFolder("typo").pictures();
    folder.write(
      "pathlight.json",
      '{\n  "models": [\n    {\n      "name": "pictures",\n      "pth": "model.json",\n      "inputs": [{ "kind": "image" }]\n    }\n  ]\n}\n',
    );
    const shown = await messages(() => vscode.commands.executeCommand("pathlight.explain", folder.uri("scene.png")));
    assert.equal(shown.length, 1, shown.join("\n"));
    assert.match(shown[0] ?? "", /line 5.*pth/);
    const uri = folder.uri("pathlight.json");
    await vscode.window.showTextDocument(uri);
    const marks = await until("the mistake is marked", () => {
      const own = pathlightDiagnostics(uri);
      return own.length > 0 && own;
    });
    assert.ok(marks.some(({ range, message }) => range.start.line === 4 && /pth/.test(message)));
    folder.pictures();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await vscode.commands.executeCommand("pathlight.explain", folder.uri("scene.png"));
    assert.equal((await panelOf(folder.file("scene.png"))).phase, "done");
  });

  for (const kind of ["no TensorFlow", "a TensorFlow library that is broken"] as const) {
    it(`${kind}: said with where it was looked for, and WebAssembly works on`, async () => {
      const folder = new BadFolder(kind.replaceAll(/\W+/g, "-")).pictures();
      const library = folder.file("tensorflow");
      if (kind !== "no TensorFlow") {
        const { path } = new BadFolder(`${kind.replaceAll(/\W+/g, "-")}/tensorflow`);
        assert.equal(path, library);
        for (const name of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2", "libtensorflow.so.2"]) {
          folder.write(`tensorflow/${name}`, "not a library");
        }
      }
      const { compute } = await services();
      await settings.set("tensorflow.path", library);
      await settings.set("backend", "tensorflow");
      compute.end("the test wants one that looks for TensorFlow anew");
      const error = await failure(folder, "scene.png", undefined);
      assert.equal(
        error.code,
        kind === "no TensorFlow" ? "backend-unavailable" : "backend-broken",
        JSON.stringify(error),
      );
      assert.match(JSON.stringify(error), /tensorflow/);
      assert.ok(error.whatToDo);
      await settings.set("backend", "wasm");
      await vscode.commands.executeCommand("pathlight.explain", folder.uri("scene.png"));
      const explanation = explanationOf(await panelOf(folder.file("scene.png")));
      assert.equal(explanation.backend.name, "wasm");
      await settings.restore();
      compute.end("the test leaves the machine's own TensorFlow behind");
    });
  }
});

/** The error that a sample's panel shows. It is asked twice: the second time there is somebody to listen. */
async function failure(folder: BadFolder, sample: string, row: number | undefined): Promise<ErrorView> {
  const uri = folder.uri(sample);
  const run = (): Thenable<unknown> =>
    row === undefined
      ? vscode.commands.executeCommand("pathlight.explain", uri)
      : vscode.commands.executeCommand("pathlight.explainRow", uri, row);
  await run();
  const panel = await panelOf(folder.file(sample), row);
  assert.equal(panel.phase, "failed");
  return failing(panel, run);
}

/** What the page is told when something fails in a panel: an error, and nothing under way. */
async function failing(panel: PanelController, run: () => Thenable<unknown>): Promise<ErrorView> {
  const ear = new PanelEar(panel);
  await run();
  const state: PanelState = await until("the page is told", () => ear.state?.error != null && ear.state);
  assert.ok(state.error);
  assert.deepEqual([state.phase, state.running], ["failed", null]);
  assert.ok(state.error.title.length > 0 && (state.error.whatToDo ?? "").length > 0, JSON.stringify(state.error));
  return state.error;
}

async function pidOfRunning(): Promise<number> {
  const { compute } = await services();
  if (compute.pid === undefined) await explain("scenes", "0001.png");
  assert.ok(compute.pid !== undefined);
  return compute.pid;
}

/** The same process answers the next request, and the failed one has left no mark behind. */
async function goesOn(uri: vscode.Uri, pid: number): Promise<void> {
  assert.equal((await explain("scenes", "0001.png")).phase, "done");
  const { compute } = await services();
  assert.equal(compute.pid, pid);
  assert.deepEqual(pathlightDiagnostics(uri), []);
}

/** Error messages that come up meanwhile. */
async function messages(run: () => Thenable<unknown>): Promise<string[]> {
  const shown: string[] = [];
  const original = vscode.window.showErrorMessage;
  const stub: typeof original = async (message: string) => {
    shown.push(message);
    return undefined;
  };
  Object.assign(vscode.window, { showErrorMessage: stub });
  try {
    await run();
  } finally {
    Object.assign(vscode.window, { showErrorMessage: original });
  }
  return shown;
}
