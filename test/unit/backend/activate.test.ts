import assert from "node:assert/strict";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { activateBackend, availableBackends } from "../../../src/backend/index.ts";
import { libraryNames } from "../../../src/backend/tensorflow/libraryFile.ts";
import { PathlightError } from "../../../src/common/errors.ts";
import { elfHeader, folderWith, withEnvironment } from "./support.ts";

const names = libraryNames() ?? { c: "", framework: "" };

/** A machine on which there is no TensorFlow but what the test puts there. */
function bareMachine(context: TestContext, files: Readonly<Record<string, string | Buffer>> = {}) {
  const folder = folderWith(context, { ...files, "app/package.json": "{}" });
  withEnvironment(context, { PATHLIGHT_TENSORFLOW: undefined, PATHLIGHT_PYTHON: undefined });
  return {
    folder,
    options: { python: "/nowhere/python", cacheFolder: join(folder, "cache"), nodeFolders: [join(folder, "app")] },
  };
}

async function failure(action: Promise<unknown>): Promise<PathlightError> {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PathlightError, String(error));
  return error;
}

test("every backend that this machine has gives the exact gradient of a convolution", async () => {
  for (const name of await availableBackends()) {
    const info = await activateBackend(name);
    assert.equal(info.name, name);
    assert.equal(tf.getBackend(), name);
    assert.match(info.version, /^\d+\.\d+/);
    assert.notEqual(info.device, "");
    const before = tf.memory().numTensors;
    const gradient = tf.tidy(() => {
      const filter = tf.ones<tf.Rank.R4>([3, 3, 1, 2]);
      const score = (x: tf.Tensor) => tf.sum(tf.conv2d(x as tf.Tensor4D, filter, 1, "same"));
      return tf
        .grad(score)(tf.ones([1, 4, 4, 1]))
        .dataSync();
    });
    // Each pixel is seen by as many windows as fit round it, in both channels.
    assert.deepEqual([...gradient], [8, 12, 12, 8, 12, 18, 18, 12, 12, 18, 18, 12, 8, 12, 12, 8], name);
    assert.equal(tf.memory().numTensors, before);
  }
});

test("without TensorFlow, auto computes on WebAssembly and says why", async (context) => {
  const { options } = bareMachine(context);
  const info = await activateBackend("auto", options);
  assert.equal(info.name, "wasm");
  assert.match(info.device, /SIMD/);
  assert.match(info.note ?? "", /not found/);
  assert.match(info.note ?? "", /pathlight doctor/);
  assert.ok(!(info.note ?? "").includes("\n"));
});

test("without TensorFlow, asking for it by name is refused with the command that installs it", async (context) => {
  const { options } = bareMachine(context);
  const error = await failure(activateBackend("tensorflow", options));
  assert.equal(error.code, "backend-unavailable");
  assert.match(error.details.whatToDo ?? "", /pip install .*tensorflow/);
  assert.deepEqual(await availableBackends(options), ["wasm", "cpu"]);
});

test("a folder in the settings that has no TensorFlow is named", async (context) => {
  const { folder, options } = bareMachine(context);
  const error = await failure(activateBackend("tensorflow", { ...options, tensorflowPath: join(folder, "nothing") }));
  assert.equal(error.code, "backend-unavailable");
  assert.equal(error.details.file, join(folder, "nothing"));
});

const broken: Readonly<Record<string, string | Buffer>> = {
  "a text file": "This is not the library you are looking for. ".repeat(5),
  "an empty file": "",
  "a library cut short": Buffer.concat([elfHeader(process.arch === "arm64" ? 183 : 62, 1_000_000), Buffer.alloc(500)]),
  "a library for another processor": Buffer.concat([
    elfHeader(process.arch === "arm64" ? 62 : 183, 200),
    Buffer.alloc(136),
  ]),
};

for (const [what, content] of Object.entries(broken)) {
  test(`${what} in the library's place is a broken backend that names the file, and auto goes on without it`, async (context) => {
    const { folder, options } = bareMachine(context, {
      [`tf/${names.c}`]: content,
      [`tf/${names.framework}`]: content,
    });
    const file = join(folder, "tf", names.c);
    const named = { ...options, tensorflowPath: join(folder, "tf") };
    const error = await failure(activateBackend("tensorflow", named));
    assert.equal(error.code, "backend-broken");
    assert.equal(error.details.file, file);
    assert.ok(error.details.found);
    assert.ok(error.details.whatToDo);
    const info = await activateBackend("auto", named);
    assert.equal(info.name, "wasm");
    assert.ok(info.note?.includes(file), info.note);
  });
}

test("a library whose header is right and whose rest is not ends the probe, not this process", async (context) => {
  const machine = process.arch === "arm64" ? 183 : 62;
  const content = Buffer.concat([elfHeader(machine, 400), Buffer.alloc(336, 0xff)]);
  // With a binding that stands beside it already, nothing but loading it can tell.
  const node = "app/node_modules/@tensorflow/tfjs-node";
  const { folder, options } = bareMachine(context, {
    [`${node}/package.json`]: "{}",
    [`${node}/lib/napi-v8/tfjs_binding.node`]: content,
    [`${node}/deps/lib/libtensorflow.so.2`]: content,
  });
  const error = await failure(activateBackend("tensorflow", options));
  assert.equal(error.code, "backend-broken");
  assert.equal(error.details.file, join(folder, node, "deps/lib/libtensorflow.so.2"));
});
