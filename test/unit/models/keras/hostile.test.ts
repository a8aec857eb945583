import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { strToU8, unzipSync, type Zippable, zipSync } from "fflate";
import { type ErrorCode, PathlightError } from "../../../../src/common/errors.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { useBackend } from "../backends.ts";
import { temporaryFolder } from "../modelFiles.ts";
import { kerasBytes } from "./kerasFixtures.ts";

/** Files that are broken or mean harm: one error that says what is wrong, where, and what to do. */

await useBackend("cpu");

type Layers = {
  class_name: string;
  module?: string;
  registered_name?: string | null;
  name?: string;
  config: Record<string, unknown>;
}[];

/** `image-3.keras` with its entries changed. */
function archive(change: (entries: Zippable) => void): Uint8Array {
  const entries: Zippable = { ...unzipSync(kerasBytes("image-3.keras")) };
  change(entries);
  return zipSync(entries);
}

/** `image-3.keras` with its layers changed. */
function configured(change: (layers: Layers) => void): Uint8Array {
  return archive((entries) => {
    const text = entries["config.json"];
    assert.ok(text instanceof Uint8Array);
    const config = JSON.parse(new TextDecoder().decode(text));
    change(config.config.layers);
    entries["config.json"] = strToU8(JSON.stringify(config));
  });
}

/** A place in the weights where a float stands, replaced. */
function withFloat(bytes: Uint8Array, old: number, value: number): Uint8Array {
  const data = Buffer.from(bytes);
  const pattern = Buffer.alloc(4);
  pattern.writeFloatLE(old);
  const at = data.indexOf(pattern);
  assert.ok(at > 0);
  data.writeFloatLE(value, at);
  return data;
}

/** The first number of a small dataset in an .h5 file, found by what Keras computes with it. */
function nanWeight(): Uint8Array {
  const bytes = kerasBytes("image-2.h5");
  const data = Buffer.from(bytes);
  // The data of a dataset is a run of numbers between −3 and 3; the longest such run belongs to the largest weight.
  let [best, length] = [0, 0];
  for (let at = 0, run = 0; at + 4 <= data.length; at += 4) {
    const value = Math.abs(data.readFloatLE(at));
    run = value > 1e-4 && value < 3 ? run + 1 : 0;
    if (run > length) [best, length] = [at, run];
  }
  return withFloat(bytes, data.readFloatLE(best), Number.NaN);
}

/** An archive with a megabyte of zeros for weights, which are said to be `size` bytes. */
function declaring(size: number): Uint8Array {
  const zeros = new Uint8Array(2 ** 20);
  const bytes = Buffer.from(archive((entries) => Object.assign(entries, { "model.weights.h5": zeros })));
  for (let at = bytes.indexOf("PK\x01\x02"); at >= 0; at = bytes.indexOf("PK\x01\x02", at + 4)) {
    if (bytes.readUInt32LE(at + 24) === zeros.length) bytes.writeUInt32LE(size, at + 24);
  }
  return bytes;
}

interface Hostile {
  readonly name: string;
  readonly file: string;
  readonly make: () => Uint8Array;
  readonly code: ErrorCode;
  readonly said: RegExp;
}

const cases: readonly Hostile[] = [
  { name: "empty .h5", file: "m.h5", make: () => new Uint8Array(), code: "model-invalid", said: /HDF5/ },
  {
    name: "truncated .h5",
    file: "m.h5",
    make: () => kerasBytes("image-2.h5").slice(0, 9000),
    code: "model-invalid",
    said: /truncated/,
  },
  {
    name: "truncated .keras",
    file: "m.keras",
    make: () => kerasBytes("image-3.keras").slice(0, 9000),
    code: "model-invalid",
    said: /no zip directory/,
  },
  {
    name: "something else",
    file: "m.keras",
    make: () => strToU8("hello"),
    code: "model-invalid",
    said: /no zip directory/,
  },
  {
    name: "pickle in place of an archive",
    file: "m.keras",
    make: () => strToU8("\x80\x04cos\nsystem\n(S'touch /tmp/harm'\ntR."),
    code: "model-invalid",
    said: /no zip directory/,
  },
  {
    name: "entry that climbs",
    file: "m.keras",
    make: () => archive((entries) => Object.assign(entries, { "../../harm.txt": strToU8("x") })),
    code: "model-invalid",
    said: /harm\.txt/,
  },
  {
    name: "no configuration",
    file: "m.keras",
    make: () => archive((entries) => Reflect.deleteProperty(entries, "config.json")),
    code: "model-invalid",
    said: /no config\.json/,
  },
  {
    name: "no weights",
    file: "m.keras",
    make: () => archive((entries) => Reflect.deleteProperty(entries, "model.weights.h5")),
    code: "model-invalid",
    said: /no model\.weights\.h5/,
  },
  {
    name: "zip bomb that says so",
    file: "m.keras",
    make: () => declaring(2 ** 28),
    code: "model-invalid",
    said: /declares 268435456 bytes/,
  },
  {
    name: "zip bomb that does not",
    file: "m.keras",
    make: () => declaring(1000),
    code: "model-invalid",
    said: /cannot be unpacked to 1000 bytes/,
  },
  {
    name: "a byte changed on the way",
    file: "m.keras",
    make: () => {
      const bytes = kerasBytes("image-3.keras");
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      return bytes;
    },
    code: "model-invalid",
    said: /checksum/,
  },
  {
    name: "weights that are no HDF5",
    file: "m.keras",
    make: () => archive((entries) => Object.assign(entries, { "model.weights.h5": strToU8("nothing") })),
    code: "model-invalid",
    said: /HDF5/,
  },
  {
    name: "custom layer",
    file: "m.keras",
    make: () =>
      configured((layers) => {
        Object.assign(layers[1] ?? {}, { class_name: "MyConv", module: "my.code", registered_name: "Mine>MyConv" });
      }),
    code: "model-unknown-op",
    said: /MyConv at conv2d/,
  },
  {
    name: "custom layer called like one of Keras",
    file: "m.keras",
    make: () =>
      configured((layers) => Object.assign(layers[1] ?? {}, { module: "my.code", registered_name: "Mine>Conv2D" })),
    code: "model-unknown-op",
    said: /Conv2D at conv2d/,
  },
  {
    name: "Lambda",
    file: "m.h5",
    make: () => kerasBytes("lambda-2.h5"),
    code: "model-unknown-op",
    said: /Lambda.*never run.*twice/s,
  },
  {
    name: "custom activation",
    file: "m.keras",
    make: () =>
      configured((layers) => {
        Object.assign(layers[1]?.config ?? {}, {
          activation: { module: "builtins", class_name: "function", config: "my_activation" },
        });
      }),
    code: "model-unknown-op",
    said: /my_activation.*conv2d/s,
  },
  {
    name: "option that nobody knows",
    file: "m.keras",
    make: () => configured((layers) => Object.assign(layers[1]?.config ?? {}, { twist: 3 })),
    code: "model-unknown-op",
    said: /twist = 3 at conv2d/,
  },
  {
    name: "wrong shape",
    file: "m.keras",
    make: () => configured((layers) => Object.assign(layers[6]?.config ?? {}, { units: 5 })),
    code: "model-invalid",
    said: /dense.*\[6, 5\].*\[6, 4\]/s,
  },
  {
    name: "weight larger than any in the file",
    file: "m.keras",
    make: () => configured((layers) => Object.assign(layers[1]?.config ?? {}, { filters: 1e9 })),
    code: "model-invalid",
    said: /conv2d/,
  },
  {
    name: "configuration nested without end",
    file: "m.keras",
    make: () =>
      archive((entries) =>
        Object.assign(entries, { "config.json": strToU8(`${'{"config":'.repeat(2e5)}1${"}".repeat(2e5)}`) }),
      ),
    code: "model-invalid",
    said: /./,
  },
  {
    name: "NaN in a weight",
    file: "m.h5",
    make: nanWeight,
    code: "not-finite",
    said: /NaN at \d+ in \/model_weights\/.* of the layer/s,
  },
];

for (const { name, file, make, code, said } of cases) {
  test(`${name}: ${code}, and nothing stays behind`, async () => {
    const path = join(temporaryFolder(), file);
    writeFileSync(path, make());
    const before = tf.memory().numTensors;
    await assert.rejects(loadModel(path), (error) => {
      assert.ok(error instanceof PathlightError, String(error));
      const text = `${error.message} ${Object.values(error.details).join(" ")}`;
      assert.equal(error.code, code, text);
      assert.match(text, said);
      assert.ok(error.details.file === path && error.details.whatToDo !== undefined);
      return true;
    });
    assert.equal(tf.memory().numTensors, before);
  });
}

test("a load that is cancelled ends as cancelled", async () => {
  const path = join(temporaryFolder(), "m.keras");
  writeFileSync(path, kerasBytes("image-3.keras"));
  await assert.rejects(
    loadModel(path, { signal: AbortSignal.abort() }),
    (error) => error instanceof PathlightError && error.code === "cancelled",
  );
});
