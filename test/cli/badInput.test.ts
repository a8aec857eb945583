import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { placeholder, writeGraphModel } from "../unit/models/modelFiles.ts";
import { assertBadInput, type ExpectedComplaint, runCli } from "./support/runCli.ts";
import { fixtures, Workspace } from "./support/workspace.ts";

/** Every kind of bad input ends with exit 2 and one line that says which file, what was expected, what was found, what to do. */

const space = new Workspace();
test.after(() => space.dispose());

const digit = join(fixtures, "oracle/digits/x0.npy");
const digits = space.model("digits", "digits");

interface Run {
  model?: string;
  input?: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

async function fails(run: Run, expected: ExpectedComplaint): Promise<void> {
  const out = space.out();
  const sample = run.input === undefined ? [] : ["--input", run.input];
  const backend = run.args?.includes("--backend") === true ? [] : ["--backend", "cpu"];
  const args = ["explain", "--model", run.model ?? digits, ...sample, ...backend, ...(run.args ?? []), "--out", out];
  assertBadInput(await runCli(args, { cwd: space.folder, ...(run.env ? { env: run.env } : {}) }), out, expected);
}

test("a model file that is truncated, no JSON, or no model", async () => {
  const truncated = space.model("truncated", "digits");
  truncateSync(truncated, 500);
  await fails({ model: truncated, input: digit }, { file: truncated, says: [/JSON|truncated/i] });
  const prose = space.write("prose/model.json", "Dear model, please load.");
  await fails({ model: prose, input: digit }, { file: prose, says: [/JSON/] });
  const other = space.write("other/model.json", '{"name":"package"}');
  await fails({ model: other, input: digit }, { file: other, says: [/model/i] });
  const missing = space.path("nowhere/model.json");
  await fails({ model: missing, input: digit }, { file: missing, says: [/no model/i, /--model/] });
});

test("a shard that is missing or has the wrong size", async () => {
  const missing = space.model("no-shard", "digits");
  rmSync(join(missing, "../weights.bin"));
  await fails({ model: missing, input: digit }, { says: [/weights\.bin/, /missing|no such|not there|not found/i] });
  const short = space.model("short-shard", "digits");
  truncateSync(join(short, "../weights.bin"), 1000);
  await fails({ model: short, input: digit }, { says: [/weights\.bin/, /54824|54,824|54 824/, /1000|1,000|1 000/] });
  const long = space.model("long-shard", "digits");
  writeFileSync(join(long, "../weights.bin"), new Uint8Array(60_000));
  await fails({ model: long, input: digit }, { says: [/weights\.bin/, /60000|60,000|60 000/] });
});

test("an unknown layer, and input shapes that are not supported", async () => {
  const unknown = space.model("unknown-layer", "digits", (model) => {
    const layer = model.modelTopology.model_config.config.layers[1];
    assert.ok(layer);
    layer.class_name = "QuantumLeap";
  });
  await fails({ model: unknown, input: digit }, { file: unknown, says: [/QuantumLeap/] });
  const dynamic = space.dense("dynamic", [[1]], [0]);
  const text = readFileSync(dynamic, "utf8").replace('"batch_input_shape":[null,1]', '"batch_input_shape":[null,null]');
  writeFileSync(dynamic, text);
  const row = space.npy("dynamic.npy", [3], Float32Array.of(1, 2, 3));
  await fails({ model: dynamic, input: row }, { file: dynamic, says: [/leaves a size open/, /\[any,any\]/] });
});

test("a manifest with a typo names the line and what was meant", async () => {
  const model = space.imageModel("typo");
  const file = space.write(
    "typo/pathlight.json",
    '{\n  "models": [\n    {\n      "name": "digits",\n      "pth": "model.json",\n      "inputs": [{ "kind": "image" }]\n    }\n  ]\n}\n',
  );
  await fails({ model, input: digit }, { file, says: [/line 5|:5\b/i, /pth/, /path/] });
  const broken = space.write("broken.json", '{\n  "models": [\n');
  await fails({ input: digit, args: ["--manifest", broken] }, { file: broken, says: [/JSON/, /:[23]\b|line [23]/i] });
  const missing = space.path("no.json");
  await fails(
    { input: digit, args: ["--manifest", missing] },
    { file: missing, says: [/no such file/, /path of the manifest/] },
  );
});

test("pictures that are truncated, without pixels, enormous, or no pictures", async () => {
  const model = space.imageModel("pictures");
  const whole = readFileSync(await space.png("whole.png", 64, 64, (x, y) => (x * 7 + y * 13) % 256));
  const truncated = space.write("truncated.png", whole.subarray(0, whole.length / 2));
  await fails({ model, input: truncated }, { file: truncated, says: [/truncated|damaged/i, /again/] });
  const flat = Buffer.from(whole);
  flat.writeUInt32BE(0, 16);
  flat.writeUInt32BE(0, 20);
  const empty = space.write("0x0.png", flat);
  await fails({ model, input: empty }, { file: empty, says: [/0 × 0/] });
  const wide = Buffer.from(whole);
  wide.writeUInt32BE(30_000, 16);
  wide.writeUInt32BE(30_000, 20);
  const huge = space.write("30000.png", wide);
  await fails({ model, input: huge }, { file: huge, says: [/30000 × 30000/, /at most/, /Scale/] });
  const prose = space.write("prose.png", "This is a text file that was renamed.\n");
  await fails({ model, input: prose }, { file: prose, says: [/PNG/, /This is a text/] });
  const nothing = space.write("nothing.png", "");
  await fails({ model, input: nothing }, { file: nothing, says: [/empty/i] });
  const gone = space.path("gone.png");
  await fails({ model, input: gone }, { file: gone, says: [/no file|no such/i, /--input/] });
});

test("data files that are empty, badly encoded, no JSON, or miss the row or the column", async () => {
  const model = space.textModel("rows");
  const empty = space.write("rows/empty.jsonl", "");
  await fails({ model, input: empty }, { file: empty, says: [/empty/i] });
  const latin = space.write("rows/latin.jsonl", Buffer.from('{"text":"caf\xe9"}\n', "latin1"));
  await fails({ model, input: latin }, { file: latin, says: [/UTF-8/] });
  const prose = space.write("rows/prose.jsonl", "w1 w2 w3\n");
  await fails({ model, input: prose }, { file: prose, says: [/JSON/] });
  const rows = space.write("rows/rows.jsonl", '{"text":"w1 w2"}\n{"label":"a"}\n');
  await fails({ model, input: rows, args: ["--row", "1"] }, { file: rows, says: [/column|key/i, /"?text"?/] });
  await fails({ model, input: rows, args: ["--row", "7"] }, { file: rows, says: [/row 7/, /from 0 to 1/] });
  await fails({ model, input: rows, args: ["--column", "txt"] }, { file: rows, says: [/txt/, /text/] });
});

test("a data file of 200 MB is read up to the row that is asked for; a line of 200 MB is refused", async () => {
  const model = space.textModel("huge");
  const huge = space.path("huge/huge.jsonl");
  const file = openSync(huge, "w");
  const block = Buffer.from('{"text":"w1 w2 w3"}\n'.repeat(50_000));
  for (let written = 0; written < 200e6; written += block.length) writeSync(file, block);
  closeSync(file);
  const out = space.out();
  const args = ["explain", "--model", model, "--input", huge, "--row", "12", "--backend", "cpu", "--out", out];
  const result = await runCli(args);
  assert.equal(result.code, 0, result.stderr);
  const line = space.path("huge/line.jsonl");
  const single = openSync(line, "w");
  writeSync(single, '{"text":"');
  const words = Buffer.from("w1 ".repeat(300_000));
  for (let written = 0; written < 200e6; written += words.length) writeSync(single, words);
  writeSync(single, '"}\n');
  closeSync(single);
  await fails({ model, input: line }, { file: line, says: [/large|long/i] });
  rmSync(huge);
  rmSync(line);
});

test("empty text", async () => {
  const model = space.textModel("empty-text");
  await fails({ model, args: ["--text", ""] }, { says: [/empty|no tokens/i] });
  await fails({ model, args: ["--text", "  \n "] }, { says: [/empty|no tokens/i] });
});

test("a target out of range, or one that is no label", async () => {
  await fails({ input: digit, args: ["--target", "10"] }, { says: [/10/, /0 to 9/] });
  await fails({ input: digit, args: ["--target", "zebra"] }, { says: [/zebra/] });
});

test("an output, link or method that does not fit", async () => {
  await fails({ input: digit, args: ["--output", "nowhere"] }, { says: [/nowhere/, /logits/] });
  await fails({ input: digit, args: ["--link", "probit"] }, { says: [/probit/, /softmax/] });
});

test("a sample or a baseline of another shape", async () => {
  const wide = space.npy("wide.npy", [16, 16, 1], new Float32Array(256).fill(0.5));
  await fails({ input: wide }, { file: wide, says: [/8 × 8 × 1/, /16 × 16 × 1/] });
  await fails(
    { input: digit, args: ["--baseline", wide] },
    { file: wide, says: [/baseline/i, /8 × 8 × 1/, /16 × 16 × 1/] },
  );
  await fails({ input: digit, args: ["--baseline", "blured"] }, { says: [/blured/, /blurred/] });
  await fails({ input: digit, args: ["--baseline", "zero-embedding"] }, { says: [/zero.embedding/i, /zeros/] });
  const junk = space.write("junk.npy", "no array");
  await fails({ input: junk }, { file: junk, says: [/\.npy/] });
});

test("inputs that are too many, too few, unknown or given twice", async () => {
  const two = ["--input", digit, "--input", digit];
  await fails({ args: two }, { says: [/more samples than inputs/] });
  await fails({ args: ["--input", `left=${digit}`] }, { says: [/no input "left"/, /conv1_input/] });
  const model = space.twoInputs("two");
  const pair = space.npy("pair.npy", [2], Float32Array.of(1, 2));
  await fails({ model, input: pair }, { says: [/input b .*missing/, /--input b=FILE/] });
  await fails({ model, args: ["--input", `a=${pair}`, "--input", `a=${pair}`] }, { says: [/given twice/] });
});

test("a sample that is its own baseline", async () => {
  await fails({ input: digit, args: ["--baseline", digit] }, { says: [/baseline/i, /same|equal/i] });
});

test("NaN and infinity in the weights, the input, the baseline and the gradient", async () => {
  const rotten = space.model("nan-weights", "digits");
  const weights = readFileSync(join(rotten, "../weights.bin"));
  weights.writeFloatLE(Number.NaN, 12);
  writeFileSync(join(rotten, "../weights.bin"), weights);
  await fails({ model: rotten, input: digit }, { says: [/NaN|not finite|not a finite/i, /conv1/] });
  const infinite = space.npy("infinite.npy", [8, 8, 1], new Float32Array(64).fill(Number.POSITIVE_INFINITY));
  await fails({ input: infinite }, { file: infinite, says: [/infinit|finite/i] });
  await fails({ input: digit, args: ["--baseline", infinite] }, { file: infinite, says: [/infinit|finite/i] });
  // The numbers are finite; their sum is not.
  const overflow = space.dense("overflow", [[3e38], [3e38]], [0]);
  const ones = space.npy("ones.npy", [2], Float32Array.of(1, 1));
  await fails({ model: overflow, input: ones }, { says: [/infinit|finite/i, /dense/] });
});

test("a gradient that is not finite, and an op that is not known, in a graph model", async () => {
  // d√x/dx is infinite at the baseline 0, where the score itself is finite.
  const root = writeGraphModel([placeholder("x", [-1, 2]), { name: "root", op: "Sqrt", input: ["x"] }], []);
  const ones = space.npy("graph.npy", [2], Float32Array.of(1, 1));
  const zeros = ["--baseline", "zeros"];
  await fails(
    { model: root, input: ones, args: zeros },
    { says: [/gradient/i, /finite/i, /first appears at root, which reads x/] },
  );
  const leap = writeGraphModel([placeholder("x", [-1, 2]), { name: "leap", op: "QuantumLeap", input: ["x"] }], []);
  await fails({ model: leap, input: ones, args: zeros }, { file: leap, says: [/QuantumLeap/] });
});

test("no TensorFlow, and a TensorFlow library that is broken", async () => {
  const cache = space.path("cache");
  const nowhere = { PATHLIGHT_TENSORFLOW: space.path("no-tensorflow"), PATH: space.folder, PATHLIGHT_CACHE: cache };
  await fails(
    { input: digit, args: ["--backend", "tensorflow"], env: nowhere },
    { file: "no-tensorflow", says: [/TensorFlow/, /PATHLIGHT_TENSORFLOW/] },
  );
  for (const name of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2", "libtensorflow.so.2"]) {
    space.write(join("broken-tensorflow", name), "not a library");
  }
  const broken = { ...nowhere, PATHLIGHT_TENSORFLOW: space.path("broken-tensorflow") };
  await fails(
    { input: digit, args: ["--backend", "tensorflow"], env: broken },
    { file: "broken-tensorflow", says: [/broken/, /doctor|Install/] },
  );
});

test("TensorFlow cannot be installed without Python", async () => {
  const env = {
    PATHLIGHT_TENSORFLOW: "",
    PATHLIGHT_PYTHON: "",
    PATH: space.folder,
    PATHLIGHT_CACHE: space.path("cache"),
  };
  const result = await runCli(["doctor", "--install"], { env });
  assertBadInput(result, space.out(), { says: [/pip|no C library/, /WebAssembly/] });
});

test("results that cannot be written are refused before anything is computed", async () => {
  const file = space.write("taken", "a file");
  const result = await runCli(["explain", "--model", digits, "--input", digit, "--out", join(file, "sub")]);
  assert.equal(result.code, 2, result.stderr);
  assert.match(result.stderr, /^pathlight: .*taken is a file.*\n$/);
});

test("the command line itself", async () => {
  const cases: [string[], RegExp][] = [
    [[], /no command.*explain, neurons, ablate, audit, inspect, convert or doctor/i],
    [["explian"], /explian.*Did you mean explain\?/],
    [["--verbose"], /--verbose/],
    [["explain", "--model", "m", "--input", "x", "--out", "o", "--tolerence", "1"], /Did you mean --tolerance\?/],
    [["explain", "--input", "x", "--out", "o"], /--model/],
    [["doctor", "--fix"], /--fix/],
  ];
  for (const [args, message] of cases) assertBadInput(await runCli(args), space.out(), { says: [message] });
});
