import { seededRandom } from "../../src/common/random.ts";
import {
  onnxBytes,
  type TestGraph,
  type TestNode,
  type TestTensor,
  type TestValue,
} from "../unit/models/onnx/support/onnxBytes.ts";

export const seq2seqSize = { width: 12, sourceWords: 9, targetWords: 8 };

type Part = "whole" | "encoder" | "decoder" | "embedded";

/**
 * A small encoder–decoder with attention, random weights, free lengths. `whole`: input_ids, attention_mask and
 * decoder_input_ids to logits, [batch, written, words]. `encoder` and `decoder`: the same as two files, named as Hugging
 * Face's optimum names them. `embedded`: the whole with the source's embedding, [batch, source, width], as its input.
 */
export function seq2seqOnnx(part: Part, seed = 1): Uint8Array {
  const { width, sourceWords, targetWords } = seq2seqSize;
  const random = seededRandom(seed);
  const constants: Record<string, TestTensor> = {
    two: { type: "int64", shape: [1], data: [2] },
    one: { type: "int64", shape: [1], data: [1] },
    "one/float": { type: "float", shape: [], data: [1] },
    low: { type: "float", shape: [], data: [-10_000] },
  };
  const weights = (name: string, shape: readonly number[], scale: number): string => {
    const count = shape.reduce((product, side) => product * side, 1);
    const data = Array.from({ length: count }, () => (2 * random() - 1) * scale);
    constants[name] = { type: "float", shape, data };
    return name;
  };
  const table = weights("source/table", [sourceWords, width], 1);
  const own = weights("source/own", [width, width], 0.8);
  const shared = weights("source/shared", [width, width], 0.8);
  const targets = weights("target/table", [targetWords, width], 1.2);
  const recent = weights("target/recent", [width, width], 0.6);
  const out = weights("target/out", [2 * width, targetWords], 1.4);
  const node = (
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: TestNode["attributes"] = {},
  ): TestNode => {
    return { op, inputs, outputs: [output], name: `/${output}`, attributes };
  };
  const embed = node("Gather", [table, "input_ids"], "source/embedded");
  const states = part === "decoder" ? "encoder_hidden_states" : "last_hidden_state";
  const mask = part === "decoder" ? "encoder_attention_mask" : "attention_mask";
  const fed = part === "whole" || part === "embedded" ? "decoder_input_ids" : "input_ids";
  const embedded = part === "embedded" ? "embedded" : "source/embedded";
  const masked: TestNode[] = [node("Cast", [mask], "mask/float", { to: 1 })];
  const encoder: TestNode[] = [
    ...(part === "embedded" ? [] : [embed]),
    ...masked,
    node("Unsqueeze", ["mask/float", "two"], "mask/column"),
    node("Mul", [embedded, "mask/column"], "source/masked"),
    node("ReduceMean", ["source/masked"], "source/mean", { axes: [1], keepdims: 1 }),
    node("MatMul", [embedded, own], "source/each"),
    node("MatMul", ["source/mean", shared], "source/all"),
    node("Add", ["source/each", "source/all"], "source/sum"),
    node("Tanh", ["source/sum"], "last_hidden_state"),
  ];
  const decoder: TestNode[] = [
    ...(part === "decoder" ? masked : []),
    node("Gather", [targets, fed], "target/embedded"),
    // Each position reads itself and the mean of all up to it, through a sum along the positions.
    node("CumSum", ["target/embedded", "axis"], "target/upto"),
    node("MatMul", ["target/upto", recent], "target/mixed"),
    node("Tanh", ["target/mixed"], "target/query"),
    node("Transpose", [states], "states/turned", { perm: [0, 2, 1] }),
    node("MatMul", ["target/query", "states/turned"], "scores"),
    node("Sub", ["one/float", "mask/float"], "mask/turned"),
    node("Mul", ["mask/turned", "low"], "mask/low"),
    node("Unsqueeze", ["mask/low", "one"], "mask/row"),
    node("Add", ["scores", "mask/row"], "scores/masked"),
    node("Softmax", ["scores/masked"], "attention", { axis: -1 }),
    node("MatMul", ["attention", states], "context"),
    node("Concat", ["context", "target/query"], "joined", { axis: -1 }),
    node("MatMul", ["joined", out], "logits"),
  ];
  constants["axis"] = { type: "int64", shape: [], data: [1] };
  const ids = (name: string, length: string): TestValue => ({ name, type: "int64", shape: ["batch", length] });
  const hidden = (name: string): TestValue => ({ name, type: "float", shape: ["batch", "source", width] });
  const logits: TestValue = { name: "logits", type: "float", shape: ["batch", "written", targetWords] };
  const graphs: Readonly<Record<Part, TestGraph>> = {
    whole: {
      nodes: [...encoder, ...decoder],
      constants,
      inputs: [ids("input_ids", "source"), ids("attention_mask", "source"), ids("decoder_input_ids", "written")],
      outputs: [logits],
    },
    embedded: {
      nodes: [...encoder, ...decoder],
      constants,
      inputs: [hidden("embedded"), ids("attention_mask", "source"), ids("decoder_input_ids", "written")],
      outputs: [logits],
    },
    encoder: {
      nodes: encoder,
      constants,
      inputs: [ids("input_ids", "source"), ids("attention_mask", "source")],
      outputs: [hidden("last_hidden_state")],
    },
    decoder: {
      nodes: decoder,
      constants,
      inputs: [ids("encoder_attention_mask", "source"), ids("input_ids", "written"), hidden("encoder_hidden_states")],
      outputs: [logits],
    },
  };
  return onnxBytes(graphs[part], 13);
}

/** The embedding of source ids, [positions × width]. */
export function sourceEmbedding(ids: readonly number[], seed = 1): Float32Array {
  const { width, sourceWords } = seq2seqSize;
  const random = seededRandom(seed);
  const table = Array.from({ length: sourceWords * width }, () => 2 * random() - 1);
  return Float32Array.from(ids.flatMap((id) => table.slice(id * width, (id + 1) * width)));
}
