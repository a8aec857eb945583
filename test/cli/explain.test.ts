import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { explanationFileSchema } from "../../src/protocol/explanation.ts";
import { shownSchema } from "../../src/protocol/panel.ts";
import { fromPortable } from "../../src/protocol/portable.ts";
import { parseNpy } from "../../src/samples/index.ts";
import { runCli } from "./support/runCli.ts";
import { fixtures, Workspace } from "./support/workspace.ts";

/** What a run leaves behind: file names, fields and numbers that scripts rely on. */

const space = new Workspace();
test.after(() => space.dispose());

const digits = space.model("digits", "digits");
const oracle = join(fixtures, "oracle");

function explanationIn(folder: string) {
  return explanationFileSchema.parse(JSON.parse(readFileSync(join(folder, "explanation.json"), "utf8")));
}

/** What the report will draw, read as the report reads it. */
function shownIn(folder: string) {
  const html = readFileSync(join(folder, "report.html"), "utf8");
  const data = /<script type="application\/json" id="pathlight-data">(.*?)<\/script>/.exec(html)?.[1];
  assert.ok(data !== undefined, "the report has no data");
  return shownSchema.parse(fromPortable(JSON.parse(data)));
}

function npy(path: string) {
  return parseNpy(readFileSync(path), path);
}

/** Σ|a − b| / Σ|b| */
function relativeL1(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let [off, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    off += Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    size += Math.abs(b[i] ?? Number.NaN);
  }
  return off / size;
}

function total(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}

async function explain(args: readonly string[]) {
  const out = space.out();
  const result = await runCli(["explain", ...args, "--out", out], { cwd: space.folder });
  return { ...result, out };
}

async function explained(args: readonly string[]) {
  const { code, stdout, stderr, out } = await explain(args);
  assert.equal(code, 0, stderr);
  return { stdout, stderr, out, file: explanationIn(out) };
}

const firstDigit = ["--model", digits, "--input", join(oracle, "digits/x0.npy"), "--baseline", "zeros"];

test("the three files, with every field of the contract, and the reference's numbers", async () => {
  for (const link of ["logit", "softmax"]) {
    const { out, file, stdout } = await explained([
      ...firstDigit,
      "--target",
      "2",
      "--link",
      link,
      "--backend",
      "wasm",
    ]);
    assert.deepEqual(readdirSync(out).sort(), ["attributions-0.npy", "explanation.json", "report.html"]);
    const raw = JSON.parse(readFileSync(join(out, "explanation.json"), "utf8")) as Record<string, unknown>;
    const fields =
      "model backend target score deltaF sum completenessError featureError grain status evaluations rounds seconds attributions warnings provenance";
    for (const field of fields.split(" ")) assert.ok(field in raw, field);
    assert.equal(file.backend.name, "wasm");
    assert.match(file.backend.version, /^\d+\.\d+/);
    assert.ok(file.backend.device.length > 0);
    assert.equal(file.target.index, 2);
    assert.equal(file.target.link, link);
    assert.equal(file.target.output, "logits");
    assert.equal(file.status, "converged");
    assert.equal(file.grain, 1);
    assert.ok(file.evaluations > 0 && file.rounds > 0 && file.seconds > 0);
    assert.ok(Math.abs(file.score.input - file.score.baseline - file.deltaF) < 1e-5);
    assert.ok(Math.abs(Math.abs(file.sum - file.deltaF) - file.completenessError.absolute) < 1e-6);
    const relative = file.completenessError.relative ?? Number.NaN;
    assert.ok(Math.abs(file.completenessError.absolute / Math.abs(file.deltaF) - relative) < 1e-6);
    assert.ok(relative <= 0.01);
    assert.ok((file.featureError ?? Number.NaN) <= 0.01);
    assert.deepEqual(file.attributions, [
      { input: file.attributions[0]?.input, shape: [8, 8, 1], file: "attributions-0.npy" },
    ]);
    const attribution = npy(join(out, "attributions-0.npy"));
    assert.deepEqual(attribution.shape, [8, 8, 1]);
    assert.equal(attribution.dtype, "float32");
    const reference = npy(join(oracle, `digits/ig_${link}_0.npy`));
    assert.ok(relativeL1(attribution.data, reference.data) <= 0.015);
    assert.ok(Math.abs(total(attribution.data) - file.sum) < 1e-4 * Math.abs(file.sum) + 1e-5);
    for (const pattern of [
      /Prediction/,
      /Top features/,
      /Completeness error/,
      /Evaluations/,
      /Verdict.*Reliable/,
      /report\.html/,
    ]) {
      assert.match(stdout, pattern);
    }
    assert.doesNotMatch(stdout, /undefined|NaN/);
    assert.ok(!stdout.includes("\u001b"));
  }
});

test("token ids give one value a token", async () => {
  const model = space.model("text", "text");
  const { out, file } = await explained([
    "--model",
    model,
    "--input",
    join(oracle, "text/ids1.npy"),
    "--target",
    "0",
    "--backend",
    "cpu",
  ]);
  assert.deepEqual(file.attributions[0]?.shape, [16]);
  const attribution = npy(join(out, "attributions-0.npy"));
  assert.deepEqual(attribution.shape, [16]);
  assert.ok(relativeL1(attribution.data, npy(join(oracle, "text/tokens_1.npy")).data) <= 0.015);
});

test("a leading batch axis is accepted, in the sample and in the baseline", async () => {
  const sample = npy(join(oracle, "digits/x0.npy"));
  const batched = space.npy("batched.npy", [1, 8, 8, 1], sample.data);
  const zeros = space.npy("zeros.npy", [1, 8, 8, 1], new Float32Array(64));
  const plain = await explained([...firstDigit, "--backend", "cpu"]);
  const same = await explained(["--model", digits, "--input", batched, "--baseline", zeros, "--backend", "cpu"]);
  assert.deepEqual(
    readFileSync(join(same.out, "attributions-0.npy")),
    readFileSync(join(plain.out, "attributions-0.npy")),
  );
  assert.equal(same.file.deltaF, plain.file.deltaF);
});

test("the request in the file, run again, gives the same numbers", async () => {
  const first = await explained([
    ...firstDigit,
    "--target",
    "2",
    "--rule",
    "midpoint",
    "--steps",
    "20",
    "--backend",
    "cpu",
  ]);
  const second = await explained([
    ...firstDigit,
    "--target",
    "2",
    "--rule",
    "midpoint",
    "--steps",
    "20",
    "--backend",
    "cpu",
  ]);
  assert.deepEqual(second.file.provenance.request, first.file.provenance.request);
  assert.equal(second.file.sum, first.file.sum);
  assert.deepEqual(
    readFileSync(join(second.out, "attributions-0.npy")),
    readFileSync(join(first.out, "attributions-0.npy")),
  );
});

test("every rule and method runs; a linear model is exact under each", async () => {
  const model = space.dense(
    "linear",
    [
      [2, 0],
      [-3, 1],
    ],
    [0.5, 0],
  );
  const sample = space.npy("linear.npy", [2], Float32Array.of(1, 2));
  const rules = ["adaptive", "gauss-legendre", "midpoint", "trapezoid", "riemann-left", "riemann-right"];
  for (const how of [...rules.map((rule) => ["--rule", rule]), ["--method", "input-x-gradient"]]) {
    const run = await explained([
      "--model",
      model,
      "--input",
      sample,
      "--target",
      "0",
      "--baseline",
      "zeros",
      "--backend",
      "cpu",
      ...how,
    ]);
    assert.deepEqual(
      [...npy(join(run.out, "attributions-0.npy")).data].map((value) => Math.round(value * 1e5) / 1e5),
      [2, -6],
    );
    assert.equal(run.file.deltaF, -4);
  }
  const gradient = await explained([
    "--model",
    model,
    "--input",
    sample,
    "--target",
    "0",
    "--method",
    "gradient",
    "--backend",
    "cpu",
  ]);
  assert.deepEqual([...npy(join(gradient.out, "attributions-0.npy")).data], [2, -3]);
});

test("a baseline may be a number, ones, or the mean of the folder", async () => {
  const model = space.dense("mean-model", [[1], [1]], [0]);
  const sample = space.npy("mean/a.npy", [2], Float32Array.of(4, 0));
  space.npy("mean/b.npy", [2], Float32Array.of(0, 2));
  space.write("mean/c.txt", "another kind of file");
  for (const [baseline, expected] of [
    ["0.5", [3.5, -0.5]],
    ["ones", [3, -1]],
    ["-1", [5, 1]],
    ["mean", [2, -1]],
  ] as const) {
    const run = await explained(["--model", model, "--input", sample, "--baseline", baseline, "--backend", "cpu"]);
    const found = [...npy(join(run.out, "attributions-0.npy")).data].map((value) => Math.round(value * 1e5) / 1e5);
    assert.deepEqual(found, expected, baseline);
  }
});

test("several inputs go by name or in order, and each has its file", async () => {
  const model = space.twoInputs("two");
  const a = space.npy("two/a.npy", [2], Float32Array.of(1, 1));
  const b = space.npy("two/b.npy", [2], Float32Array.of(10, 10));
  for (const inputs of [
    [`b=${b}`, `a=${a}`],
    [a, b],
    [`b=${b}`, a],
  ]) {
    const args = inputs.flatMap((input) => ["--input", input]);
    const { out, file } = await explained(["--model", model, ...args, "--baseline", "zeros", "--backend", "cpu"]);
    assert.deepEqual(file.attributions, [
      { input: "a", shape: [2], file: "attributions-0.npy" },
      { input: "b", shape: [2], file: "attributions-1.npy" },
    ]);
    assert.deepEqual([...npy(join(out, "attributions-0.npy")).data].map(Math.round), [1, 2]);
    assert.deepEqual([...npy(join(out, "attributions-1.npy")).data].map(Math.round), [30, 40]);
  }
});

test("an image through the manifest: labels, grain, and the map of the picture in the report", async () => {
  const model = space.imageModel("image");
  const picture = await space.png("image/seven.png", 16, 16, (x, y) => (y < 4 || x === 15 - y ? 255 : 0));
  const { file, out, stdout } = await explained([
    "--model",
    model,
    "--input",
    picture,
    "--grain",
    "2",
    "--backend",
    "cpu",
  ]);
  assert.equal(file.grain, 2);
  assert.equal(file.model.name, "digits");
  assert.deepEqual(file.attributions[0]?.shape, [8, 8, 1]);
  assert.match(stdout, /cells of 2×2 pixels/);
  assert.match(stdout, /rows \d+–\d+, columns \d+–\d+/);
  const report = readFileSync(join(out, "report.html"), "utf8");
  assert.match(report, /^<!doctype html>/i);
  assert.doesNotMatch(report, /(src|href)="(https?:|\/|\.)/);
  assert.match(report, /seven\.png/);
  const shown = shownIn(out);
  assert.ok((shown.picture?.bytes.length ?? 0) > 50);
  assert.equal(shown.explanation.sum, file.sum);
  assert.equal(shown.explanation.attributions[0]?.values.length, 64);
});

test("a row, a text, and a text that is too long, which is said", async () => {
  const model = space.textModel("words");
  const rows = space.write("words/rows.jsonl", '{"text":"w1 w2 w3"}\n{"text":"w4 w5"}\n');
  const row = await explained(["--model", model, "--input", rows, "--row", "1", "--backend", "cpu"]);
  assert.equal(row.file.sample.row, 1);
  assert.match(row.stdout, /"w4" at 0/);
  const text = await explained(["--model", model, "--text", "w4 w5", "--backend", "cpu"]);
  assert.equal(text.file.sum, row.file.sum);
  const words = Array.from({ length: 40 }, (_, index) => `w${index % 30}`).join(" ");
  const long = await explained(["--model", model, "--text", words, "--backend", "cpu"]);
  assert.ok(long.file.warnings.some(({ code }) => code === "truncated"));
  assert.match(long.stdout, /longer than the model takes/);
  const report = readFileSync(join(long.out, "report.html"), "utf8");
  assert.match(report, /w4/);
});

test("a text that is too long is read in windows, from the manifest or when asked: the score is the mean over them", async () => {
  const model = space.textModel("windows");
  const words = Array.from({ length: 40 }, (_, index) => `w${(index * 7) % 30}`);
  const read = (text: readonly string[], ...more: string[]) =>
    explained(["--model", model, "--text", text.join(" "), "--backend", "cpu", "--target", "1", ...more]);
  const whole = await read(words, "--windows", "3");
  const [attribution] = whole.file.attributions;
  const windows = attribution?.windows;
  assert.ok(windows !== undefined);
  assert.equal(windows.overlap, 3);
  assert.deepEqual(attribution?.shape, [40]);
  let mean = 0;
  for (const { from, to, logit } of windows.ranges) {
    const part = await read(words.slice(from, to), "--windows");
    assert.equal(part.file.attributions[0]?.windows, undefined);
    assert.ok(Math.abs((logit ?? 9) - part.file.score.input) < 1e-5);
    mean += part.file.score.input / windows.ranges.length;
  }
  assert.ok(Math.abs(whole.file.score.input - mean) < 1e-5);
  const sum = total(npy(join(whole.out, "attributions-0.npy")).data);
  assert.ok(Math.abs(sum - whole.file.sum) < 1e-5 * whole.file.mapSize);
  assert.match(whole.stdout, /read in \d+ windows of \d+ tokens, overlap 3.*mean over them/);
  assert.match(readFileSync(join(whole.out, "report.html"), "utf8"), /windows of \d+ tokens, overlap 3/);
  const manifest = join(model, "../pathlight.json");
  const described = JSON.parse(readFileSync(manifest, "utf8"));
  described.models[0].inputs[0] = { ...described.models[0].inputs[0], long: "windows", overlap: 3 };
  writeFileSync(manifest, JSON.stringify(described));
  assert.equal((await read(words)).file.sum, whole.file.sum);
  const cut = await read(words, "--windows", "off");
  assert.ok(cut.file.warnings.some(({ code }) => code === "truncated"));
  const refused = await explain(["--model", model, "--text", words.join(" "), "--windows", "900"]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /overlap from 0 to/);
});

test("text that would end the report's script does not", async () => {
  const model = space.textModel("hostile");
  const { out } = await explained([
    "--model",
    model,
    "--text",
    "w1 </script><img src=x onerror=alert(1)> \u2028 w2",
    "--backend",
    "cpu",
  ]);
  const report = readFileSync(join(out, "report.html"), "utf8");
  assert.doesNotMatch(report, /<img src=x/);
  const attribution = shownIn(out).explanation.attributions[0];
  assert.equal(attribution?.kind, "text");
  assert.match(attribution?.kind === "text" ? attribution.text : "", /<\/script><img src=x .* \u2028 w2/);
});

test("--json prints the file and only the file", async () => {
  const { out, stdout, stderr } = await explained([...firstDigit, "--backend", "cpu", "--json"]);
  assert.equal(stdout, readFileSync(join(out, "explanation.json"), "utf8"));
  assert.ok(!stderr.includes("\r") && !stderr.includes("\u001b"));
});

test("the end of the budget is a status, not a failure; --fail-above is one", async () => {
  const steep = [
    ...firstDigit,
    "--link",
    "softmax",
    "--backend",
    "cpu",
    "--tolerance",
    "1e-6",
    "--max-evaluations",
    "9",
  ];
  const budget = await explained(steep);
  assert.equal(budget.file.status, "budget");
  assert.ok(budget.file.evaluations <= 9);
  const relative = budget.file.completenessError.relative ?? Number.NaN;
  assert.ok(relative > 0);
  const below = await explain([...steep, "--fail-above", String(relative * 0.5)]);
  assert.equal(below.code, 3);
  assert.match(below.stderr, /completeness error .* above --fail-above/);
  assert.ok(existsSync(join(below.out, "explanation.json")));
  const above = await explain([...steep, "--fail-above", String(relative * 2)]);
  assert.equal(above.code, 0, above.stderr);
});

test("no change in the score is said, and errors are given against the map", async () => {
  // F = x0 − x1 is the same at (1, 1) and at (0, 0).
  const model = space.dense("flat", [[1], [-1]], [0]);
  const sample = space.npy("flat.npy", [2], Float32Array.of(1, 1));
  const run = await explained([
    "--model",
    model,
    "--input",
    sample,
    "--baseline",
    "zeros",
    "--backend",
    "cpu",
    "--fail-above",
    "0.01",
  ]);
  assert.equal(run.file.deltaF, 0);
  assert.equal(run.file.completenessError.relative, null);
  assert.ok(run.file.warnings.some(({ code }) => code === "delta-zero"));
  assert.match(run.stdout, /No change to explain/);
});

test("a sample that is deleted while it is explained does no harm", async () => {
  const model = space.imageModel("deleted");
  const picture = await space.png("deleted/short-lived.png", 32, 32, (x, y) => (x * y) % 256);
  const out = space.out();
  const result = await runCli(
    ["explain", "--model", model, "--input", picture, "--tolerance", "1e-4", "--backend", "cpu", "--out", out],
    {
      onStderr: (text) => {
        if (text.includes("Explaining")) rmSync(picture, { force: true });
      },
    },
  );
  assert.equal(result.code, 0, result.stderr);
  assert.ok(!existsSync(picture));
  assert.deepEqual(readdirSync(out).sort(), ["attributions-0.npy", "explanation.json", "report.html"]);
  assert.equal(shownIn(out).explanation.sum, explanationIn(out).sum);
});

test("an interrupt ends with 130 and leaves nothing half written", async () => {
  const out = space.out();
  const mobilenet = join(fixtures, "mobilenet-v2/model.json");
  const photo = join(fixtures, "photographs/astronaut.png");
  let sent = false;
  const result = await runCli(
    ["explain", "--model", mobilenet, "--input", photo, "--tolerance", "1e-6", "--backend", "wasm", "--out", out],
    {
      onStderr: (text, kill) => {
        if (sent || !text.includes("Explaining")) return;
        sent = true;
        kill("SIGINT");
      },
    },
  );
  assert.equal(result.code, 130, result.stderr);
  assert.match(result.stderr, /Cancelled/);
  assert.equal(result.stdout, "");
  assert.deepEqual(existsSync(out) ? readdirSync(out) : [], []);
});
