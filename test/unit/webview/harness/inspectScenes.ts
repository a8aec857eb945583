import "../../../../webview-ui/model/jitless.ts";
import { type Inspection, inspectionSchema } from "../../../../src/protocol/inspection.ts";
import { type HostToInspect, hostToInspectSchema, type InspectState } from "../../../../src/protocol/inspectPage.ts";

/** Made-up models for the page that inspects them. */

const entry = { name: "bert", path: "model.onnx", inputs: [{ kind: "tensor" as const }] };

function node(id: string, op: string, more: Partial<Inspection["nodes"][number]> = {}): Inspection["nodes"][number] {
  return { id, op, shape: [null, 128, 384], dtype: "float32", ...more };
}

/** A transformer encoder with names as PyTorch's exporter writes them. */
function encoderNodes(layers: number): Inspection["nodes"] {
  const names: readonly (readonly [string, string, number?])[] = [
    ["attention/self/query/MatMul", "MatMul", 147_456],
    ["attention/self/query/Add", "Add", 384],
    ["attention/self/key/MatMul", "MatMul", 147_456],
    ["attention/self/Softmax", "Softmax"],
    ["attention/output/LayerNorm/LayerNormalization", "LayerNormalization", 768],
    ["intermediate/dense/MatMul", "MatMul", 589_824],
    ["intermediate/act/Erf", "Erf"],
    ["output/dense/MatMul", "MatMul", 589_824],
  ];
  return Array.from({ length: layers }, (_, layer) =>
    names.map(([name, op, parameters]) =>
      node(`/encoder/layer.${layer}/${name}`, op, parameters === undefined ? {} : { parameters }),
    ),
  ).flat();
}

function encoder(layers: number, more: Partial<Inspection> = {}): Inspection {
  return inspectionSchema.parse({
    path: "/home/ada/models/minilm/model.onnx",
    name: "minilm",
    format: "onnx",
    files: [
      { path: "/home/ada/models/minilm/model.onnx", bytes: 312_000 },
      { path: "/home/ada/models/minilm/model.onnx.data", bytes: 45_123_000 },
    ],
    fingerprint: "9dc408caf5d05014ab9dc408caf5d05014ab9dc408caf5d05014ab9dc408caf5",
    parameterCount: 22_713_216,
    task: "classification",
    inputs: [
      {
        id: "input_ids",
        shape: [null, null],
        dtype: "int32",
        kind: "text",
        bytes: false,
        explained: true,
        layout: null,
        embeddings: [{ node: "/embeddings/word/Gather", vocabularySize: 30_522, dimensions: 384 }],
      },
      {
        id: "attention_mask",
        shape: [null, null],
        dtype: "int32",
        kind: "tensor",
        bytes: false,
        explained: false,
        layout: null,
        embeddings: [],
      },
    ],
    outputs: [
      { id: "probabilities", shape: [null, 6], dtype: "float32", activation: "softmax", logit: "/classifier/Gemm" },
    ],
    nodes: [
      node("/embeddings/word/Gather", "Gather", { parameters: 11_720_448 }),
      ...encoderNodes(layers),
      node("/classifier/Gemm", "Gemm", { parameters: 2_310, shape: [null, 6] }),
      node("probabilities", "Softmax", { shape: [null, 6] }),
    ],
    companions: [
      { path: "/home/ada/models/minilm/tokenizer.json", what: "tokenizer", used: true },
      { path: "/home/ada/models/minilm/config.json", what: "configuration", used: true },
      { path: "/home/ada/models/minilm/labels.txt", what: "labels", used: false },
    ],
    inferred: {
      entry,
      baseFolder: "/home/ada/models/minilm",
      notes: ["Class names are from config.json.", 'Input "attention_mask" is held at its value.'],
    },
    gradientsUntried: null,
    problem: null,
    ...more,
  });
}

const broken = encoder(2, {
  fingerprint: null,
  task: null,
  inferred: null,
  gradientsUntried: "The model cannot be built.",
  outputs: [{ id: "boxes", shape: null, dtype: null, activation: null, logit: null }],
  nodes: [
    ...encoderNodes(2),
    ...Array.from({ length: 9 }, (_, index) =>
      node(`/head.${index}/NonMaxSuppression`, "NonMaxSuppression", { unsupported: true, shape: null, dtype: null }),
    ),
    node("/post/FancyOp", "FancyOp", { unsupported: true, shape: null, dtype: null }),
  ],
  problem: {
    code: "model-unknown-op",
    message: "The op FancyOp is unknown.",
    expected: "operations that Pathlight has",
    found: "FancyOp at /post/FancyOp",
    whatToDo: "Export the model without this operation.",
  },
});

const stopped = encoder(1, {
  nodes: [
    ...encoderNodes(1),
    node("/quantise/Round", "Round", { noGradient: true }),
    node("/top/TopK", "TopK", { noGradient: true }),
  ],
});

function state(more: Partial<InspectState>): InspectState {
  return {
    ...{ phase: "done", title: "model.onnx", stage: null, inspection: null, error: null, convertible: false },
    ...{ entry: null, stale: false },
    ...more,
  };
}

export const inspectScenes: Readonly<Record<string, InspectState>> = {
  encoder: state({ inspection: encoder(6) }),
  huge: state({ inspection: encoder(1200) }),
  broken: state({ inspection: broken }),
  stopped: state({ inspection: stopped, entry: "minilm" }),
  stale: state({ inspection: encoder(2), stale: true }),
  loading: state({ phase: "loading", stage: "Loading the model" }),
  failed: state({
    phase: "failed",
    error: {
      title: "The file is truncated.",
      file: "/home/ada/models/minilm/model.onnx",
      expected: "a complete file",
      found: "an end after 900 bytes",
      whatToDo: "Copy the file again.",
      code: "model-invalid",
    },
  }),
  savedModel: state({
    phase: "failed",
    title: "saved_model.pb",
    convertible: true,
    error: {
      title: "A TensorFlow SavedModel must be converted first.",
      file: "/home/ada/models/saved",
      whatToDo: "Run pathlight convert /home/ada/models/saved.",
      code: "model-needs-conversion",
    },
  }),
};

if (typeof window !== "undefined") {
  window.showScene = async (name) => {
    const scene = inspectScenes[name];
    if (scene === undefined) throw new Error(`no scene ${name}`);
    const message: HostToInspect = hostToInspectSchema.parse({ type: "state", state: scene });
    window.postMessage(message, "*");
  };
}
