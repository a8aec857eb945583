import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { explanationFileSchema } from "../../src/protocol/explanation.ts";
import { runCli } from "./support/runCli.ts";
import { fixtures, Workspace } from "./support/workspace.ts";

/** `--threads`: long runs on WebAssembly are shared, and the program ends with them. */

const space = new Workspace();
test.after(() => space.dispose());

async function sumAndDevice(threads: number): Promise<{ sum: number; device: string; stderr: string }> {
  const out = space.out();
  const model = join(fixtures, "mobilenet-v2/model.json");
  const input = join(fixtures, "photographs/astronaut.png");
  // So many points that a worker pays on a machine that does each in a fraction of the usual time, and comes up on the way.
  const rule = ["--rule", "midpoint", "--steps", "48"];
  const { code, stderr, stdout } = await runCli(
    [
      "explain",
      "--model",
      model,
      "--input",
      input,
      ...rule,
      "--backend",
      "wasm",
      "--threads",
      `${threads}`,
      "--out",
      out,
    ],
    { cwd: space.folder, env: { PATHLIGHT_DEBUG: "1" } },
  );
  assert.equal(code, 0, stderr);
  const { sum, backend } = explanationFileSchema.parse(JSON.parse(readFileSync(join(out, "explanation.json"), "utf8")));
  assert.ok(stdout.includes(backend.device), stdout);
  return { sum, device: backend.device, stderr };
}

test("two threads give the result of one, and say so", async () => {
  const one = await sumAndDevice(1);
  const two = await sumAndDevice(2);
  assert.match(two.device, /· 2 threads$/, two.stderr);
  assert.doesNotMatch(one.device, /threads/);
  assert.equal(two.sum, one.sum);
  assert.doesNotMatch(two.stderr, /Warning/);
});
