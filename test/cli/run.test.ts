import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ProgressLine } from "../../src/cli/progressLine.ts";
import { runCommandLine } from "../../src/cli/run.ts";
import { colours, type Terminal } from "../../src/cli/terminal.ts";
import { PathlightError } from "../../src/common/errors.ts";
import { runCli } from "./support/runCli.ts";
import { fixtures, Workspace } from "./support/workspace.ts";

const space = new Workspace();
test.after(() => space.dispose());

const model = space.model("digits", "digits");
const args = [
  "explain",
  "--model",
  model,
  "--input",
  join(fixtures, "oracle/digits/x0.npy"),
  "--out",
  space.path("out"),
];

function recorded(interactive: boolean, columns = 60) {
  const written = { out: "", err: "" };
  const terminal: Terminal = {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    interactive,
    columns,
    outColours: colours(false),
    errColours: colours(false),
  };
  return { terminal, written };
}

async function runWith(explain: () => Promise<never>) {
  const { terminal, written } = recorded(false);
  let disposed = 0;
  const code = await runCommandLine(args, {
    terminal,
    folder: space.folder,
    signal: new AbortController().signal,
    createExplainer: async () => ({
      explain,
      audit: explain,
      auditSample: explain,
      inspect: () => Promise.reject(new Error("not asked for")),
      explainSequence: () => Promise.reject(new Error("not asked for")),
      tokenPairs: () => Promise.reject(new Error("not asked for")),
      ablate: () => Promise.reject(new Error("not asked for")),
      withRun: () => Promise.reject(new Error("not asked for")),
      openRun: () => Promise.reject(new Error("not asked for")),
      tensorsOf: () => null,
      attributionTensors: () => [],
      dispose: () => {
        disposed++;
      },
    }),
  });
  return { code, disposed, ...written };
}

test("an error that nobody foresaw ends with 1, one line, and where the stack can be seen", async () => {
  const result = await runWith(() => Promise.reject(new TypeError("x is not a function")));
  assert.equal(result.code, 1);
  assert.equal(result.disposed, 1);
  assert.match(result.err, /^pathlight: Internal error: x is not a function\. .*PATHLIGHT_DEBUG=1.*\n$/);
  assert.ok(!existsSync(space.path("out")));
});

test("bad input ends with 2 and its own sentence, a cancel with 130", async () => {
  const bad = await runWith(() =>
    Promise.reject(
      new PathlightError("sample-shape", "Wrong shape.", { file: "../x.npy", whatToDo: "Save it again." }),
    ),
  );
  assert.deepEqual([bad.code, bad.err], [2, "pathlight: ../x.npy: Wrong shape. Save it again.\n"]);
  assert.equal(bad.disposed, 1);
  const cancelled = await runWith(() => Promise.reject(new DOMException("stop", "AbortError")));
  assert.deepEqual([cancelled.code, cancelled.err], [130, "Cancelled; nothing was written.\n"]);
});

test("PATHLIGHT_DEBUG shows the stack with the line", async () => {
  const result = await runCli(["explain"], { env: { PATHLIGHT_DEBUG: "1" } });
  assert.equal(result.code, 2);
  assert.match(result.stderr, /^pathlight: Option --model is missing\./);
  assert.match(result.stderr, /^ {4}at /m);
});

test("progress is drawn over one line of a terminal that never wraps, and not at all elsewhere", () => {
  const running = { evaluations: 17, rounds: 2, progress: 0.5, seconds: 1.2 };
  const { terminal, written } = recorded(true, 50);
  const line = new ProgressLine(terminal);
  line.event({ type: "stage", stage: "model", message: "Loading the model" });
  line.event({ type: "progress", running });
  line.end();
  assert.match(written.err, /█{12}░{12} 17 evaluations/);
  for (const drawn of written.err.split("\r")) assert.ok(drawn.replace("\u001b[K", "").length < 50, drawn);
  assert.ok(written.err.endsWith("\r\u001b[K"));
  assert.ok(!written.err.includes("\n"));
  const plain = recorded(false);
  const silent = new ProgressLine(plain.terminal);
  silent.event({ type: "progress", running });
  silent.end();
  assert.equal(plain.written.err, "");
});
