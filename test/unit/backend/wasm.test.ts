import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const backend = pathToFileURL(join(root, "src", "backend", "index.ts")).href;

/** Activates WebAssembly in a process of its own, computes a convolution network there and prints what it gave. */
function compute(wasmThreads: number): { device: string; listeners: number; values: number[] } {
  const program = `
    const tf = await import("@tensorflow/tfjs-core");
    const { activateBackend } = await import(${JSON.stringify(backend)});
    const before = process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");
    const { device } = await activateBackend("wasm", { wasmThreads: ${wasmThreads} });
    const x = tf.randomUniform([4, 56, 56, 32], 0, 1, "float32", 1);
    const depthwise = tf.randomNormal([3, 3, 32, 1], 0, 0.1, "float32", 2);
    const filter = tf.randomNormal([3, 3, 32, 64], 0, 0.1, "float32", 3);
    const y = tf.conv2d(tf.relu6(tf.depthwiseConv2d(x, depthwise, 1, "same")), filter, 2, "same");
    // Large enough to make the module's memory grow several times while threads use it.
    const grown = tf.matMul(tf.ones([3000, 3000]), tf.ones([3000, 64]));
    const values = [...(await tf.mean(y, [0, 1, 2]).data()), ...(await tf.slice(grown, [2999, 60], [1, 4]).data())];
    const listeners = process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection") - before;
    console.log(JSON.stringify({ device, listeners, values }));`;
  const args = ["--import", "tsx", "--input-type=module", "-e", program];
  // The process ends by itself, threads or not, or this throws.
  const output = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8", timeout: 120_000 });
  return JSON.parse(output.trim().split("\n").at(-1) ?? "");
}

test("threads compute what one thread computes, and the device says how many there are", () => {
  const one = compute(1);
  const three = compute(3);
  assert.equal(one.device, "CPU · SIMD");
  assert.equal(three.device, "CPU · SIMD · 3 threads");
  assert.equal(one.values.length, 68);
  for (const [index, value] of one.values.entries()) {
    assert.ok(
      Math.abs(value - (three.values[index] ?? Number.NaN)) <= 1e-5 * Math.abs(value) + 1e-7,
      `${index}: ${value}, ${three.values[index]}`,
    );
  }
  assert.deepEqual(one.values.slice(64), [3000, 3000, 3000, 3000]);
});

test("the start leaves no last-resort error handlers behind", () => {
  assert.equal(compute(1).listeners, 0);
  assert.equal(compute(2).listeners, 0);
});

test("the bundle starts threads too", () => {
  const args = [
    "dist/cli.js",
    "explain",
    "--manifest",
    "samples/pathlight.json",
    "--model",
    "samples/models/digit-scenes/model.json",
  ];
  const sample = ["--input", "samples/scenes/0000.png", "--backend", "wasm", "--max-evaluations", "9", "--json"];
  const out = mkdtempSync(join(tmpdir(), "pathlight-threads-"));
  try {
    const output = execFileSync(process.execPath, [...args, ...sample, "--out", out], { cwd: root, encoding: "utf8" });
    const threads = Math.min(availableParallelism(), 8);
    assert.equal(JSON.parse(output).backend.device, threads > 1 ? `CPU · SIMD · ${threads} threads` : "CPU · SIMD");
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
