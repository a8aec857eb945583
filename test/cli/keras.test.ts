import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync } from "node:zlib";
import { explanationFileSchema } from "../../src/protocol/explanation.ts";
import { usableBackends } from "../unit/models/backends.ts";
import { runCli } from "./support/runCli.ts";
import { fixtures, Workspace } from "./support/workspace.ts";

/** Keras models as they are saved, explained by the bundle. */

const space = new Workspace();
test.after(() => space.dispose());

function fixture(name: string): Buffer {
  return gunzipSync(readFileSync(join(fixtures, "keras", `${name}.gz`)));
}

/** The first row of a fixture's input. */
function sample(name: string, integers: boolean): string {
  const [input] = JSON.parse(fixture(`${name}.json`).toString("utf8")).inputs;
  const shape: number[] = input.shape.slice(1);
  const values: number[] = input.values.slice(
    0,
    shape.reduce((product, size) => product * size, 1),
  );
  return space.npy(`${name}.npy`, shape, integers ? Int32Array.from(values) : Float32Array.from(values));
}

const image = sample("image-3", false);
const text = sample("text-3", true);

for (const backend of (await usableBackends()).filter((name) => name !== "cpu")) {
  for (const name of ["image-2.h5", "image-3.keras", "text-2.h5", "text-3.keras"]) {
    test(`${backend}: explain on ${name}, with its completeness error`, async () => {
      const model = space.write(join(`${backend}-${name}`, name), fixture(name));
      const input = name.startsWith("image") ? ["--input", image, "--baseline", "zeros"] : ["--input", text];
      const out = space.out();
      const result = await runCli(["explain", "--model", model, ...input, "--backend", backend, "--out", out]);
      assert.equal(result.code, 0, result.stderr);
      const file = explanationFileSchema.parse(JSON.parse(readFileSync(join(out, "explanation.json"), "utf8")));
      assert.equal(file.model.format, name.endsWith(".h5") ? "keras-h5" : "keras");
      assert.equal(file.backend.name, backend);
      assert.ok((file.completenessError.relative ?? 1) <= 0.02, result.stdout);
      assert.match(result.stdout, /Completeness error/);
    });
  }
}

for (const name of ["custom-2.h5", "custom-3.keras"]) {
  test(`inspect on ${name} names every layer that is refused, with where it stands and why`, async () => {
    const model = space.write(join("custom", name), fixture(name));
    const { code, stdout, stderr } = await runCli(["inspect", model, "--backend", "wasm"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /cannot be built/);
    assert.match(stdout, /125 parameters, 10 nodes/);
    assert.match(stdout, /steps +batch × 6 × 4 +float32/);
    if (name.endsWith(".h5")) assert.match(stdout, /fixtures>Scale +2 × +part\/inner_scale, scale$/m);
    else assert.match(stdout, /Scale +3 × +part\/inner_scale, scale, distributed\/each$/m);
    assert.match(stdout, /Lambda +1 × +twice$/m);
    assert.match(stdout, /Dense +bent_dense +The activation .*bent is not supported/);
    assert.match(stdout, /part\/conv +Conv1D +unknown +39/);
    assert.doesNotMatch(stdout, /undefined|null|\[object/);
  });
}

test("inspect on a damaged Keras file is the error of loading, in one line", async () => {
  const whole = fixture("custom-3.keras");
  const model = space.write(join("damaged", "custom.keras"), whole.subarray(0, whole.length / 2));
  const inspected = await runCli(["inspect", model, "--backend", "wasm"]);
  const explained = await runCli(["explain", "--model", model, "--input", image, "--out", space.out()]);
  assert.equal(inspected.code, 2);
  assert.equal(inspected.stderr, explained.stderr);
  assert.match(inspected.stderr, /^pathlight: .*\n$/);
});

test("a layer that is Python code is refused by its name, in one line, and nothing is run", async () => {
  const model = space.write(join("lambda", "lambda-2.h5"), fixture("lambda-2.h5"));
  const input = space.npy("three.npy", [3], Float32Array.of(1, 2, 3));
  const result = await runCli(["explain", "--model", model, "--input", input, "--out", space.out()]);
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /Lambda at twice/);
  assert.doesNotMatch(result.stderr, /^\s+at /m);
});
