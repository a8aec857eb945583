import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { explanationFileSchema } from "../../src/protocol/explanation.ts";
import { readNpy } from "../../src/samples/index.ts";
import { usableBackends } from "../unit/models/backends.ts";
import { onnxBytes } from "../unit/models/onnx/support/onnxBytes.ts";
import { runCli } from "./support/runCli.ts";
import { fixtures, Workspace } from "./support/workspace.ts";

/** ONNX models explained by the bundle. */

const samples = fileURLToPath(new URL("../../samples/", import.meta.url));
const space = new Workspace();
test.after(() => space.dispose());

async function explain(args: readonly string[]) {
  const out = space.out();
  const result = await runCli(["explain", ...args, "--out", out]);
  assert.equal(result.code, 0, result.stderr);
  const file = explanationFileSchema.parse(JSON.parse(readFileSync(join(out, "explanation.json"), "utf8")));
  return { file, out, stdout: result.stdout };
}

for (const backend of (await usableBackends()).filter((name) => name !== "cpu")) {
  test(`${backend}: digits from ONNX, channels first, has the reference's numbers`, async () => {
    const digits = join(fixtures, "oracle/digits");
    const { data } = await readNpy(join(digits, "x0.npy"));
    const input = space.npy("x0.npy", [1, 8, 8], data);
    const { samples: targets } = JSON.parse(readFileSync(join(digits, "meta.json"), "utf8"));
    const model = join(digits, "model.onnx");
    const target = ["--target", String(targets[0].target), "--baseline", "zeros"];
    const { file, out } = await explain(["--model", model, "--input", input, ...target, "--backend", backend]);
    assert.equal(file.model.format, "onnx");
    const found = await readNpy(join(out, "attributions-0.npy"));
    const expected = Array.from((await readNpy(join(digits, "ig_logit_0.npy"))).data);
    assert.deepEqual(found.shape, [1, 8, 8]);
    const off = expected.reduce((sum, value, i) => sum + Math.abs(value - (found.data[i] ?? Number.NaN)), 0);
    assert.ok(off <= 0.015 * expected.reduce((sum, value) => sum + Math.abs(value), 0), `off by ${off}`);
  });

  for (const link of ["logit", "softmax"]) {
    test(`${backend}: what makes a file TypeScript, ${link}, from the PAD baseline: converges within 5 %`, async () => {
      const { file } = await explain([
        ...["--manifest", join(samples, "pathlight.json"), "--model", "file-type"],
        ...["--input", join(samples, "code/queue.ts"), "--baseline", "pad", "--tolerance", "0.05"],
        ...["--link", link, "--backend", backend],
      ]);
      assert.equal(file.target.label, "typescript");
      assert.equal(file.status, "converged");
      assert.ok((file.completenessError.relative ?? 1) <= 0.05, `off by ${file.completenessError.relative}`);
    });
  }
}

test("an operator without a gradient on the way is refused by its node, and the path can start behind it", async () => {
  const model = space.write("steps/model.onnx", steps());
  const input = space.npy("steps.npy", [4], Float32Array.of(0.4, 1.6, -2.2, 3.1));
  const args = ["--model", model, "--input", input, "--baseline", "zeros"];
  const refused = await runCli(["explain", ...args, "--out", space.out()]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /rounded.*Round/);
  assert.match(refused.stderr, /--from/);
  const { file } = await explain([...args, "--from", "rounded", "--target", "0"]);
  // The score is the sum of the rounded values, whose path starts at 0.
  assert.equal(file.deltaF, 0 + 2 - 2 + 3);
  assert.ok(Math.abs(file.sum - file.deltaF) < 1e-5);
});

/** y = Σ round(x). */
function steps(): Uint8Array {
  return onnxBytes(
    {
      nodes: [
        { op: "Round", inputs: ["x"], outputs: ["rounded"] },
        { op: "ReduceSum", inputs: ["rounded"], outputs: ["y"], attributes: { axes: [1], keepdims: 1 } },
      ],
      inputs: [{ name: "x", type: "float", shape: ["batch", 4] }],
      outputs: [{ name: "y", type: "float", shape: ["batch", 1] }],
    },
    11,
  );
}
