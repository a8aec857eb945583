import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { type ErrorCode, PathlightError } from "../../../src/common/errors.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { usableBackends, useBackend } from "./backends.ts";
import { temporaryFolder } from "./modelFiles.ts";

const source = new URL("../../fixtures/oracle/digits/model", import.meta.url).pathname;
await usableBackends();
await useBackend("cpu");

function copy(): string {
  const folder = temporaryFolder();
  cpSync(source, folder, { recursive: true });
  return folder;
}

interface Group {
  paths: string[];
  weights: { name: string }[];
}

/** Changes the one group of the manifest. */
function editGroup(folder: string, edit: (group: Group) => void): void {
  const file = join(folder, "model.json");
  const json = JSON.parse(readFileSync(file, "utf8"));
  edit(json.weightsManifest[0]);
  writeFileSync(file, JSON.stringify(json));
}

interface BadModel {
  readonly name: string;
  readonly code: ErrorCode;
  readonly said: RegExp;
  /** Returns the path to load. */
  readonly make: (folder: string) => string;
}

const bad: readonly BadModel[] = [
  { name: "no such file", code: "model-not-found", said: /no-such/, make: (folder) => join(folder, "no-such.json") },
  {
    name: "folder without a model",
    code: "model-not-found",
    said: /model\.json/,
    make: (folder) => {
      mkdirSync(join(folder, "empty"));
      return join(folder, "empty");
    },
  },
  {
    name: "truncated",
    code: "model-invalid",
    said: /truncated.*breaks off after 900/s,
    make: (folder) => {
      truncateSync(join(folder, "model.json"), 900);
      return folder;
    },
  },
  {
    name: "not JSON",
    code: "model-invalid",
    said: /not JSON at line 2, column 7/,
    make: (folder) => {
      writeFileSync(join(folder, "model.json"), '{\n  "a" oops\n}');
      return folder;
    },
  },
  {
    name: "another JSON",
    code: "model-invalid",
    said: /neither a tfjs layers model nor.*keys name, version/s,
    make: (folder) => {
      writeFileSync(join(folder, "model.json"), '{"name": "x", "version": 1}');
      return folder;
    },
  },
  {
    name: "missing shard",
    code: "model-shard-missing",
    said: /weights\.bin/,
    make: (folder) => {
      rmSync(join(folder, "weights.bin"));
      return folder;
    },
  },
  {
    name: "short shard",
    code: "model-shard-size",
    said: /54824 bytes.*54000 bytes/s,
    make: (folder) => {
      truncateSync(join(folder, "weights.bin"), 54000);
      return folder;
    },
  },
  {
    name: "long shard",
    code: "model-shard-size",
    said: /54824 bytes.*54828 bytes/s,
    make: (folder) => {
      appendFileSync(join(folder, "weights.bin"), Buffer.alloc(4));
      return folder;
    },
  },
  {
    name: "the odd one of several shards",
    code: "model-shard-size",
    said: /part2.*54824 bytes.*54724 bytes/s,
    make: (folder) => {
      const bytes = readFileSync(join(folder, "weights.bin"));
      const cuts = [0, 20000, 40000, bytes.length];
      const paths = ["part1", "part2", "part3"];
      paths.forEach((path, i) => {
        writeFileSync(join(folder, path), bytes.subarray(cuts[i], cuts[i + 1]));
      });
      truncateSync(join(folder, "part2"), 19900);
      editGroup(folder, (group) => Object.assign(group, { paths }));
      return folder;
    },
  },
  {
    name: "shard outside the folder",
    code: "model-invalid",
    said: /outside/,
    make: (folder) => {
      editGroup(folder, (group) => Object.assign(group, { paths: ["../../etc/passwd"] }));
      return folder;
    },
  },
  {
    name: "unknown layer",
    code: "model-unknown-op",
    said: /MyLayer at relu2/,
    make: (folder) => {
      const file = join(folder, "model.json");
      const text = readFileSync(file, "utf8");
      const layer = /"class_name": ?"Activation"(, ?"config": ?\{"name": ?"relu2")/;
      assert.match(text, layer);
      writeFileSync(file, text.replace(layer, '"class_name": "MyLayer"$1'));
      return folder;
    },
  },
  {
    name: "NaN in a weight",
    code: "not-finite",
    said: /conv2\/kernel.*NaN at 5/s,
    make: (folder) => {
      const file = join(folder, "weights.bin");
      const bytes = readFileSync(file);
      bytes.writeFloatLE(Number.NaN, 4 * (144 + 16 + 5));
      writeFileSync(file, bytes);
      return folder;
    },
  },
  {
    name: "weights of another model",
    code: "model-invalid",
    said: /cannot be built/,
    make: (folder) => {
      editGroup(folder, (group) => Object.assign(group.weights[0] ?? {}, { name: "other/kernel" }));
      return folder;
    },
  },
  {
    name: "SavedModel",
    code: "model-needs-conversion",
    said: /SavedModel.*pathlight convert \S+ --out \S+-tfjs.*-tfjs.model\.json/s,
    make: (folder) => {
      rmSync(join(folder, "model.json"));
      writeFileSync(join(folder, "saved_model.pb"), "");
      return folder;
    },
  },
];

for (const { name, code, said, make } of bad) {
  test(`${name}: ${code}, with what to do, and nothing stays behind`, async () => {
    const path = make(copy());
    const before = tf.memory().numTensors;
    await assert.rejects(loadModel(path), (error) => {
      assert.ok(error instanceof PathlightError, String(error));
      assert.equal(error.code, code);
      assert.match(`${error.message} ${Object.values(error.details).join(" ")}`, said);
      assert.ok(error.details.file !== undefined && error.details.whatToDo !== undefined);
      return true;
    });
    assert.equal(tf.memory().numTensors, before);
  });
}

test("the wrong shape is refused with both shapes", async () => {
  const { model } = await loadModel(source);
  const x = tf.zeros([1, 9, 8, 1]);
  assert.throws(
    () => model.evaluate(new Map([["conv1_input", x]]), ["logits"]),
    (error) =>
      error instanceof PathlightError &&
      error.code === "model-unsupported-shape" &&
      error.details.expected === "[batch, 8, 8, 1]" &&
      error.details.found === "[1, 9, 8, 1]",
  );
  x.dispose();
  model.dispose();
});

test("a load that is cancelled ends as cancelled", async () => {
  await assert.rejects(
    loadModel(source, { signal: AbortSignal.abort() }),
    (error) => error instanceof PathlightError && error.code === "cancelled",
  );
});
