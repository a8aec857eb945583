import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import * as layers from "@tensorflow/tfjs-layers";
import { conservationSchema, type NeuronsFile, neuronsFileSchema } from "../../src/protocol/neurons.ts";
import { readNpy } from "../../src/samples/index.ts";
import { useBackend } from "../unit/models/backends.ts";
import { saveLayers } from "../unit/models/savedLayers.ts";
import { assertBadInput, runCli } from "./support/runCli.ts";
import { fixtures, Workspace } from "./support/workspace.ts";

const space = new Workspace();
test.after(() => space.dispose());
const samples = resolve(import.meta.dirname, "../../samples");
const digits = join(fixtures, "oracle/digits");
const meta = JSON.parse(readFileSync(join(digits, "meta.json"), "utf8"));
const digit = ["--model", join(digits, "model/model.json"), "--input", join(digits, "x0.npy"), "--backend", "wasm"];

const neurons = (out: string, ...more: string[]) => runCli(["neurons", ...more, "--out", out], { cwd: samples });
const read = (out: string): NeuronsFile =>
  neuronsFileSchema.parse(JSON.parse(readFileSync(join(out, "neurons.json"), "utf8")));

/** Σ|a − b| / Σ|b| */
function relativeL1(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [off, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    off += Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    size += Math.abs(b[i] ?? Number.NaN);
  }
  return off / size;
}

test("pathlight neurons writes what the quadrants give to every unit, as the references have it", async () => {
  for (const link of ["logit", "softmax"]) {
    const out = space.out();
    const target = String(meta.samples[0].target);
    const more = ["--target", target, "--link", link, "--baseline", "zeros", "--tolerance", "0.01"];
    const result = await neurons(out, ...digit, "--layer", "relu2", "--grid", "2x2", "--top", "3", ...more);
    assert.equal(result.code, 0, result.stderr);
    const found = await readNpy(join(out, "neurons-0.npy"));
    const expected = await readNpy(join(digits, `patch_relu2_${link}_0.npy`));
    assert.deepEqual(found.shape, [4, 4, 4, 32]);
    for (let patch = 0; patch < 4; patch++) {
      const part = (data: ArrayLike<number>) => Array.from(data).slice(patch * 512, (patch + 1) * 512);
      const error = relativeL1(part(found.data), part(expected.data));
      assert.ok(error <= 0.02, `${link}: quadrant ${patch} is off by ${error}`);
    }
    const file = read(out);
    assert.equal(file.layer, "relu2");
    assert.deepEqual(file.shape, [4, 4, 32]);
    assert.equal(file.patches.length, 4);
    assert.ok(file.conservation.residual <= 0.01 && file.partition.residual <= 0.01);
    assert.equal(file.conservation.deltaF, file.deltaF);
    assert.deepEqual(file.attributions, [{ input: "relu2", shape: [4, 4, 4, 32], file: "neurons-0.npy" }]);
    assert.ok(file.patches.every(({ top }) => top.length === 3));
    const sum = Array.from(found.data, Number).reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(sum - file.sum) < 1e-3 * Math.abs(sum));
    assert.match(result.stdout, /^Conservation .* off by/m);
    assert.match(result.stdout, /^Partition .* add up/m);
    assert.match(result.stdout, /^Derivatives .*agree with forward passes/m);
    assert.doesNotMatch(result.stdout, /undefined|NaN|\[object/);
  }
});

test("without a patch there is one row, the conductance; patches that overlap each have theirs; --json is the file", async () => {
  const whole = space.out();
  const first = await neurons(whole, ...digit, "--layer", "relu3", "--json");
  assert.equal(first.code, 0, first.stderr);
  assert.deepEqual(neuronsFileSchema.parse(JSON.parse(first.stdout)), read(whole));
  const conductance = await readNpy(join(whole, "neurons-0.npy"));
  assert.deepEqual(conductance.shape, [1, 64]);
  assert.ok(
    relativeL1(
      conductance.data,
      read(whole).conductance.map((value) => value ?? Number.NaN),
    ) < 1e-5,
  );
  const out = space.out();
  const patches = ["--patch", "0,0,8,8", "--patch", "0,0,5,5", "--patch", "2,2,8,8"];
  const second = await neurons(out, ...digit, "--layer", "relu3", ...patches);
  assert.equal(second.code, 0, second.stderr);
  const rows = await readNpy(join(out, "neurons-0.npy"));
  assert.deepEqual(rows.shape, [3, 64]);
  assert.ok(relativeL1(Array.from(rows.data).slice(0, 64), conductance.data) < 0.02);
  assert.deepEqual(
    read(out).patches.map(({ name }) => name),
    ["0,0,8,8", "0,0,5,5", "2,2,8,8"],
  );
});

test("tokens of a text, read through the manifest", async () => {
  const out = space.out();
  const asked = ["--model", "question-classifier", "--input", "questions.jsonl", "--row", "4", "--backend", "wasm"];
  const result = await neurons(out, ...asked, "--layer", "phrases", "--tokens", "0", "--tokens", "1-31");
  assert.equal(result.code, 0, result.stderr);
  const { patches, conservation, deltaF } = read(out);
  const sum = patches.reduce((total, patch) => total + patch.sum, 0);
  assert.ok(Math.abs(sum - conservation.sum) < 1e-3 && Math.abs(sum - deltaF) <= 0.02 * Math.abs(deltaF));
});

test("--layers lists what each layer carries, with a folder and without one", async () => {
  const out = space.out();
  const table = await runCli(["neurons", "--layers", ...digit], { cwd: samples });
  assert.equal(table.code, 0, table.stderr);
  for (const node of ["conv1", "relu2", "logits"]) assert.match(table.stdout, new RegExp(`^${node} `, "m"));
  assert.match(table.stdout, /^Largest residual +[\d.<]/m);
  const json = await neurons(out, "--layers", ...digit, "--json");
  assert.equal(json.stdout, readFileSync(join(out, "layers.json"), "utf8"));
  const file = JSON.parse(json.stdout);
  const layerSums = conservationSchema.shape.layers.parse(file.layers);
  for (const { state, residual } of layerSums) assert.ok(state === "cut" && (residual ?? 1) <= 0.02);
});

test("a layer round which a connection leads is said to be no cut, and the nodes that are offered conserve", async () => {
  await useBackend("cpu");
  const input = layers.input({ shape: [6], name: "x" });
  const dense = (units: number, name: string) =>
    layers.layers.dense({ units, name, activation: "tanh", kernelInitializer: "glorotNormal" });
  const hidden = dense(6, "hidden").apply(input) as layers.SymbolicTensor;
  const inner = dense(6, "inner").apply(hidden) as layers.SymbolicTensor;
  const sum = layers.layers.add({ name: "sum" }).apply([hidden, inner]) as layers.SymbolicTensor;
  const output = layers.layers.dense({ units: 2, name: "out" }).apply(sum) as layers.SymbolicTensor;
  const folder = await saveLayers(layers.model({ inputs: input, outputs: output }));
  const sample = space.npy("six.npy", [6], Float32Array.of(1, -2, 0.5, 3, -1, 2));
  const asked = ["--model", folder, "--input", sample, "--backend", "cpu", "--tolerance", "0.002"];
  const out = space.out();
  const alone = await neurons(out, ...asked, "--layer", "inner");
  assert.equal(alone.code, 0, alone.stderr);
  const { conservation, deltaF } = read(out);
  assert.ok(!conservation.isCut && conservation.bypass !== null && Math.abs(conservation.bypass) > 1e-3);
  assert.ok(Math.abs(conservation.sum + conservation.bypass - deltaF) <= 0.005 * Math.abs(deltaF));
  assert.match(alone.stdout, /no cut.*A cut is: --layer hidden\S* --layer inner/);
  const cut = conservation.cutWith.flatMap((node) => ["--layer", node]);
  const together = await neurons(out, ...asked, ...cut);
  assert.equal(together.code, 0, together.stderr);
  const both = read(out);
  assert.ok(both.conservation.isCut && both.conservation.bypass === null);
  assert.ok(both.conservation.residual <= 0.005, `${both.conservation.residual}`);
  assert.deepEqual(both.layer, conservation.cutWith);
  assert.ok(existsSync(join(out, "neurons-1.npy")));
  // The same folder again with one node: what was of the other is gone.
  await neurons(out, ...asked, "--layer", "inner");
  assert.ok(!existsSync(join(out, "neurons-1.npy")));
});

test("bad input exits with 2, says what would do and writes nothing", async () => {
  const out = space.path("bad");
  const refused = async (says: readonly RegExp[], ...args: string[]) =>
    assertBadInput(await neurons(out, ...args), out, { says });
  await refused([/--layer is missing/, /--layers/], ...digit);
  await refused([/no node relu9/], ...digit, "--layer", "relu9");
  await refused(
    [/outside the picture/, /rows 0 to 8 and columns 0 to 8/],
    ...digit,
    "--layer",
    "relu2",
    "--patch",
    "4,4,9,8",
  );
  await refused([/--patch does not fit/], ...digit, "--layer", "relu2", "--patch", "4,4,4,8");
  await refused([/--grid does not fit/, /7x7/], ...digit, "--layer", "relu2", "--grid", "0x3");
  await refused([/finer than the picture/], ...digit, "--layer", "relu2", "--grid", "9x9");
  await refused([/--tokens does not fit/], ...digit, "--layer", "relu2", "--tokens", "3-1");
  await refused([/no axis 3/], ...digit, "--layer", "relu2", "--axis", "3");
  await refused([/--layers and --grid/], ...digit, "--layers", "--grid", "2x2");
  await refused([/Unknown option --rule/], ...digit, "--layer", "relu2", "--rule", "midpoint");
  const text = ["--model", "question-classifier", "--input", "questions.jsonl", "--backend", "wasm"];
  await refused([/tokens 0 to 31/], ...text, "--layer", "phrases", "--tokens", "32");
  await refused([/no picture/], ...text, "--layer", "phrases", "--patch", "0,0,1,1");
  await refused([/int32/, /whole|real numbers/], ...text, "--layer", "embedding_input");
  const nowhere = await runCli(["neurons", ...digit, "--layer", "relu2"]);
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /--out is missing/);
});

test("--help shows the options with examples", async () => {
  const help = await runCli(["neurons", "--help"]);
  assert.equal(help.code, 0);
  for (const name of "layer layers patch grid tokens features top axis tolerance max-evaluations out json".split(" ")) {
    assert.match(help.stdout, new RegExp(`^  --${name}\\b`, "m"));
  }
  assert.match(help.stdout, /^Examples/m);
});
