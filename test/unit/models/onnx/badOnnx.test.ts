import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { type ErrorCode, PathlightError } from "../../../../src/common/errors.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { useBackend } from "../backends.ts";
import { encode, graphMessage, onnxBytes, type TestGraph, type TestNode, tensorMessage } from "./support/onnxBytes.ts";

const relu: TestNode = { op: "Relu", inputs: ["x"], outputs: ["y"], name: "activation" };
const weights = { type: "float", shape: [2, 2], data: [1, 2, 3, 4] } as const;

function graph(nodes: readonly TestNode[], more: Partial<TestGraph> = {}): TestGraph {
  return {
    nodes,
    inputs: [{ name: "x", type: "float", shape: ["batch", 2] }],
    outputs: [{ name: "y", type: "float" }],
    ...more,
  };
}

/** A model whose graph message is changed by hand. */
function changed(change: (message: Record<string, unknown>) => Record<string, unknown>, nodes = [relu]): Uint8Array {
  const message = Object.fromEntries(Object.entries(graphMessage(graph(nodes))));
  return encode("ModelProto", { irVersion: 8, opsetImport: [{ domain: "", version: 13 }], graph: change(message) });
}

function external(entries: Readonly<Record<string, string>>, dims = [2, 2]): Uint8Array {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  const initializer = [{ name: "w", dims, dataType: 1, dataLocation: 1, externalData }];
  return changed((message) => ({ ...message, initializer }), [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }]);
}

/** Graphs inside graphs, deeper than a decoder may follow; written byte by byte, since the encoder has a limit too. */
function nested(depth: number): Uint8Array {
  const field = (id: number, content: Uint8Array): Uint8Array => {
    const length: number[] = [];
    for (let rest = content.length; ; rest >>>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    return Buffer.concat([Buffer.of((id << 3) | 2, ...length), content]);
  };
  let graphBytes: Uint8Array = encode("GraphProto", graphMessage(graph([relu])));
  // GraphProto.node.attribute.g
  for (let i = 0; i < depth; i++) graphBytes = field(1, field(5, field(6, graphBytes)));
  return field(7, graphBytes);
}

const good = onnxBytes(graph([relu]), 13);

interface BadFile {
  readonly name: string;
  readonly code: ErrorCode;
  /** In the message or what was found. */
  readonly said: RegExp;
  readonly bytes: Uint8Array;
  readonly beside?: Readonly<Record<string, Uint8Array>>;
}

const badFiles: readonly BadFile[] = [
  { name: "an empty file", code: "model-invalid", said: /empty/, bytes: new Uint8Array() },
  { name: "half a file", code: "model-invalid", said: /truncated/, bytes: good.subarray(0, good.length / 2) },
  { name: "a picture", code: "model-invalid", said: /ONNX/, bytes: Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1") },
  { name: "text", code: "model-invalid", said: /ONNX/, bytes: Buffer.from('{"format": "onnx"}') },
  {
    name: "a pickle",
    code: "model-invalid",
    said: /ONNX/,
    bytes: Buffer.from("\x80\x04cos\nsystem\n(S'id'\ntR.", "latin1"),
  },
  {
    name: "graphs inside graphs",
    code: "model-invalid",
    said: /depth|nest|ONNX/i,
    bytes: nested(500),
  },
  {
    name: "an unknown operator",
    code: "model-unknown-op",
    said: /NonMaxSuppression at boxes/,
    bytes: onnxBytes(graph([{ ...relu, op: "NonMaxSuppression", name: "boxes" }]), 13),
  },
  {
    name: "an operator of another domain",
    code: "model-unknown-op",
    said: /acme\.Fused/,
    bytes: onnxBytes(graph([{ ...relu, op: "Fused", domain: "acme" }]), 13),
  },
  {
    name: "a circle",
    code: "model-invalid",
    said: /circle/,
    bytes: onnxBytes(
      graph([
        { op: "Add", inputs: ["x", "y"], outputs: ["a"] },
        { op: "Relu", inputs: ["a"], outputs: ["y"] },
      ]),
      13,
    ),
  },
  {
    name: "a weight that is not there",
    code: "model-invalid",
    said: /reads w/,
    bytes: onnxBytes(graph([{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }]), 13),
  },
  { name: "a value made twice", code: "model-invalid", said: /two nodes/, bytes: onnxBytes(graph([relu, relu]), 13) },
  {
    name: "an output that nothing makes",
    code: "model-invalid",
    said: /output z/,
    bytes: onnxBytes(graph([relu], { outputs: [{ name: "z", type: "float" }] }), 13),
  },
  {
    name: "no output",
    code: "model-invalid",
    said: /no output/,
    bytes: onnxBytes(graph([relu], { outputs: [] }), 13),
  },
  {
    name: "weights shorter than their shape",
    code: "model-invalid",
    said: /w does not have as many values/,
    bytes: changed((message) => ({
      ...message,
      initializer: [{ name: "w", ...tensorMessage({ ...weights, shape: [2, 3] }) }],
    })),
  },
  {
    name: "a shape beyond all memory",
    code: "model-invalid",
    said: /w/,
    bytes: changed((message) => ({
      ...message,
      initializer: [{ name: "w", dims: [2 ** 40, 2 ** 40], dataType: 1, rawData: new Uint8Array(8) }],
    })),
  },
  {
    name: "a negative shape",
    code: "model-invalid",
    said: /impossible shape/,
    bytes: changed((message) => ({ ...message, initializer: [{ name: "w", dims: [-2], dataType: 1 }] })),
  },
  {
    name: "weights of strings",
    code: "model-invalid",
    said: /string/,
    bytes: changed((message) => ({ ...message, initializer: [{ name: "w", dims: [1], dataType: 8 }] })),
  },
  {
    name: "sparse weights",
    code: "model-invalid",
    said: /sparse/,
    bytes: changed((message) => ({ ...message, sparseInitializer: [{}] })),
  },
  {
    name: "an input of strings",
    code: "model-invalid",
    said: /input x of string/,
    bytes: changed((message) => ({ ...message, input: [{ name: "x", type: { tensorType: { elemType: 8 } } }] })),
  },
  {
    name: "an input without a shape",
    code: "model-unsupported-shape",
    said: /axes/,
    bytes: changed((message) => ({ ...message, input: [{ name: "x", type: { tensorType: { elemType: 1 } } }] })),
  },
  {
    name: "NaN in a weight",
    code: "not-finite",
    said: /NaN at 1 in w/,
    bytes: onnxBytes(
      graph([{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }], {
        constants: { w: { type: "float", shape: [2], data: [1, Number.NaN] } },
      }),
      13,
    ),
  },
  {
    name: "a constant that asks for all memory",
    code: "model-unsupported-shape",
    said: /too large/,
    bytes: onnxBytes(
      graph([{ op: "ConstantOfShape", inputs: ["s"], outputs: ["y"] }], {
        constants: { s: { type: "int64", shape: [2], data: [1e6, 1e6] } },
      }),
      13,
    ),
  },
  {
    name: "functions without end",
    code: "model-invalid",
    said: /without end/,
    bytes: encode("ModelProto", {
      opsetImport: [{ version: 13 }],
      graph: graphMessage(graph([{ ...relu, op: "F", domain: "own" }])),
      functions: [
        {
          ...{ name: "F", domain: "own", input: ["a"], output: ["b"] },
          node: [
            { opType: "F", domain: "own", input: ["a"], output: ["c"] },
            { opType: "F", domain: "own", input: ["c"], output: ["b"] },
          ],
        },
      ],
    }),
  },
  {
    name: "weights in a folder above",
    code: "model-invalid",
    said: /outside/,
    bytes: external({ location: "../secret.bin", offset: "0", length: "16" }),
  },
  {
    name: "weights at an absolute path",
    code: "model-invalid",
    said: /outside/,
    bytes: external({ location: "/etc/hostname" }),
  },
  {
    name: "a weight file that is missing",
    code: "model-shard-missing",
    said: /model\.data is missing/,
    bytes: external({ location: "model.data" }),
  },
  {
    name: "a weight file that is too short",
    code: "model-shard-size",
    said: /a file of 8 bytes/,
    bytes: external({ location: "model.data", offset: "0", length: "16" }),
    beside: { "model.data": new Uint8Array(8) },
  },
  {
    name: "a range that lies about its length",
    code: "model-shard-size",
    said: /length of 4/,
    bytes: external({ location: "model.data", length: "4" }),
    beside: { "model.data": new Uint8Array(64) },
  },
  {
    name: "a range before the file",
    code: "model-shard-size",
    said: /do not fit/,
    bytes: external({ location: "model.data", offset: "-16" }),
    beside: { "model.data": new Uint8Array(64) },
  },
];

for (const { name, code, said, bytes, beside = {} } of badFiles) {
  test(`${name}: ${code}, with what to do, within two seconds, and nothing stays behind`, async () => {
    await useBackend("cpu");
    const folder = mkdtempSync(join(tmpdir(), "pathlight-onnx-"));
    try {
      const file = join(folder, "model.onnx");
      writeFileSync(file, bytes);
      for (const [each, content] of Object.entries(beside)) writeFileSync(join(folder, each), content);
      const before = tf.memory().numTensors;
      const start = process.cpuUsage();
      await assert.rejects(loadModel(file), (error) => {
        assert.ok(error instanceof PathlightError, String(error));
        assert.equal(error.code, code, error.message);
        assert.match(`${error.message} ${error.details.found ?? ""}`, said);
        assert.ok(error.details.whatToDo);
        return true;
      });
      const { user, system } = process.cpuUsage(start);
      assert.ok(user + system < 2e6, `${(user + system) / 1e6} s of processor time`);
      assert.equal(tf.memory().numTensors, before);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

test("weights in a file of their own are read, from their places", async () => {
  await useBackend("cpu");
  const folder = mkdtempSync(join(tmpdir(), "pathlight-onnx-"));
  try {
    const values = Float32Array.of(9, 9, 9, 9, 1, 2, 3, 4);
    writeFileSync(join(folder, "model.data"), new Uint8Array(values.buffer));
    writeFileSync(join(folder, "model.onnx"), external({ location: "model.data", offset: "16", length: "16" }));
    const { model, files, parameterCount } = { ...(await loadModel(folder)), parameterCount: 4 };
    const [y] = model.evaluate(new Map([["x", tf.tensor2d([[1, 10]])]]), ["y"]);
    assert.deepEqual(Array.from(y?.dataSync() ?? []), [31, 42]);
    assert.equal(model.parameterCount, parameterCount);
    assert.deepEqual(files, [join(folder, "model.onnx"), join(folder, "model.data")]);
    model.dispose();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
