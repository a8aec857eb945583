// A row of a table in the terminal, held against the rule that made the table and against the model in float64.
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { heatingAttribution } from "../../scripts/samples/heating.ts";
import { explanationFileSchema } from "../../src/protocol/explanation.ts";
import { ablationFileSchema, type NeuronsFile, neuronsFileSchema } from "../../src/protocol/neurons.ts";
import { readNpy } from "../../src/samples/index.ts";
import { HeatingTruth, heatingHomes, heatingNames } from "../support/heatingTruth.ts";
import { assertBadInput, runCli } from "./support/runCli.ts";
import { Workspace } from "./support/workspace.ts";

const space = new Workspace();
test.after(() => space.dispose());
const samples = resolve(import.meta.dirname, "../../samples");
const row = ["--model", "heating", "--input", "heating.csv", "--row", "3", "--backend", "wasm"];
const run = (command: string, out: string, ...more: string[]) =>
  runCli([command, ...row, ...more, "--out", out], { cwd: samples });
const names = heatingNames;
const { homes, mean } = heatingHomes(samples);
const home = homes[3] ?? [];
const truth = new HeatingTruth(samples);
const ofHidden2 = truth.ofHidden2(home, mean);
const read = (out: string): NeuronsFile =>
  neuronsFileSchema.parse(JSON.parse(readFileSync(join(out, "neurons.json"), "utf8")));

/** Σ|a − b| / Σ|b| */
function relativeL1(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  const off = Array.from(b, (value, at) => Math.abs((a[at] ?? Number.NaN) - value));
  return sum(off) / sum(Array.from(b, Math.abs));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

test("a row from the mean of its table: columns by name, the model's float64 values, close to those of the rule", async () => {
  const out = space.out();
  const result = await run("explain", out);
  assert.equal(result.code, 0, result.stderr);
  const file = explanationFileSchema.parse(JSON.parse(readFileSync(join(out, "explanation.json"), "utf8")));
  assert.equal(file.baseline.label, "Mean of 240 rows");
  assert.deepEqual(file.attributions[0]?.names, names);
  assert.ok(Math.abs(file.score.input - truth.value(home)) < 1e-3);
  assert.ok(Math.abs(file.score.baseline - truth.value(mean)) < 1e-3);
  const { data } = await readNpy(join(out, "attributions-0.npy"));
  const exact = ofHidden2.map(sum);
  assert.ok(Math.abs(sum(exact) - (truth.value(home) - truth.value(mean))) < 1e-3 * Math.abs(sum(exact)));
  assert.ok(relativeL1(data, exact) < 0.015, `off by ${relativeL1(data, exact)}`);
  const rule = heatingAttribution(home, mean);
  assert.ok(relativeL1(data, rule) < 0.1, `off by ${relativeL1(data, rule)} from the rule`);
  assert.match(result.stdout, /^Top features \(columns of 8\)$/m);
  assert.match(result.stdout, /^ +1 {2}outdoor_c +\+/m);
  assert.match(result.stdout, /^Explained +kWh a day/m);
  assert.doesNotMatch(result.stdout, /logit|undefined|NaN/);
});

test("features as patches, by name or by place: what each gives to every unit, as in float64", async () => {
  const out = space.out();
  const each = names.flatMap((name) => ["--features", name]);
  const both = ["--features", "outdoor_c, indoor_c", "--features", "0-1"];
  const result = await run("neurons", out, "--layer", "hidden2", ...each, ...both, "--top", "4");
  assert.equal(result.code, 0, result.stderr);
  const file = read(out);
  const { data, shape } = await readNpy(join(out, "neurons-0.npy"));
  const units = ofHidden2[0]?.length ?? 0;
  assert.deepEqual(shape, [names.length + 2, units]);
  const patch = (at: number) =>
    Array.from(data)
      .slice(at * units, (at + 1) * units)
      .map(Number);
  const found = names.flatMap((_, at) => patch(at));
  assert.ok(relativeL1(found, ofHidden2.flat()) < 0.015, `off by ${relativeL1(found, ofHidden2.flat())}`);
  const conductance = file.conductance.map((value) => value ?? Number.NaN);
  const added = conductance.map((_, unit) => sum(names.map((_name, at) => patch(at)[unit] ?? Number.NaN)));
  assert.ok(relativeL1(added, conductance) < 1e-3);
  // Two features in one patch are the sum of both, however they were named.
  const two = patch(0).map((value, unit) => value + (patch(1)[unit] ?? Number.NaN));
  assert.ok(relativeL1(patch(names.length), two) < 1e-4);
  assert.deepEqual(patch(names.length), patch(names.length + 1));
  assert.deepEqual(file.patches.at(-2)?.region, { kind: "features", features: [0, 1] });
  assert.ok(file.conservation.residual <= 0.01 && file.partition.residual <= 0.01);
  assert.equal(file.conservation.isCut, true);
  assert.match(result.stdout, /^ {2}features floor_m2 +\+/m);
});

test("ablate takes the units that a feature drives most", async () => {
  const out = space.out();
  const result = await run("ablate", out, "--layer", "hidden2", "--neurons", "top:2", "--features", "floor_m2");
  assert.equal(result.code, 0, result.stderr);
  const file = ablationFileSchema.parse(JSON.parse(readFileSync(join(out, "ablation.json"), "utf8")));
  const given = ofHidden2[names.indexOf("floor_m2")] ?? [];
  const strongest = [...given.keys()].sort((a, b) => (given[b] ?? 0) - (given[a] ?? 0)).slice(0, 2);
  assert.deepEqual(file.ablation, [{ node: "hidden2", neurons: strongest }]);
  assert.ok(Math.abs(file.before.score - truth.value(home)) < 1e-3);
});

test("what no row has, and what no table is, is refused by name", async () => {
  const refused = async (says: readonly RegExp[], command: string, ...more: string[]) => {
    const out = space.out();
    assertBadInput(await run(command, out, "--layer", "hidden2", ...more), out, { says });
  };
  await refused(
    [/called "outdor_c"/, /Did you mean outdoor_c\?/, /places from 0 to 7/],
    "neurons",
    "--features",
    "outdor_c",
  );
  await refused([/values 0 to 7/, /value 8/], "neurons", "--features", "6-8");
  await refused([/no picture/, /features of a row/], "neurons", "--patch", "0,0,2,2");
  await refused([/no picture/], "neurons", "--grid", "2x2");
  await refused([/called "floor"/, /floor_m2/], "ablate", "--neurons", "top:2", "--features", "floor");
  await refused([/--features is for --neurons top:K/], "ablate", "--neurons", "2", "--features", "floor_m2");
  await refused([/--patch and --features/], "ablate", "--neurons", "top:2", "--features", "0", "--patch", "0,0,1,1");
  const out = space.out();
  const picture = ["--model", "models/digit-scenes", "--input", "scenes/0007.png", "--backend", "wasm"];
  const named = ["neurons", ...picture, "--layer", "conv3", "--features", "floor_m2", "--out", out];
  assertBadInput(await runCli(named, { cwd: samples }), out, { says: [/have no names/, /places from 0/] });
});

test("without a manifest that names it the value of a regression is an output, not a class", async () => {
  for (const name of ["model.json", "weights.bin"]) {
    cpSync(join(samples, "models/heating", name), space.path(name));
  }
  space.write("row.csv", `${names.join(",")}\n${home.join(",")}\n`);
  const args = ["explain", "--model", "model.json", "--input", "row.csv", "--row", "0", "--backend", "wasm", "--json"];
  const result = await runCli([...args, "--out", space.out()], { cwd: space.folder });
  assert.equal(result.code, 0, result.stderr);
  const { target, score } = explanationFileSchema.parse(JSON.parse(result.stdout));
  assert.deepEqual([target.index, target.label], [0, "output 0"]);
  assert.ok(Math.abs(score.input - truth.value(home)) < 1e-3);
});
