import { z } from "zod";
import { Attention, type AttentionOptions } from "../../layers/own/attention.ts";
import { Bidirectional } from "../../layers/own/bidirectional.ts";
import { MultiHeadAttention } from "../../layers/own/multiHeadAttention.ts";
import { Recurrent } from "../../layers/own/recurrent.ts";
import type { RecurrentKind } from "../../layers/own/recurrentCells.ts";
import { kerasActivation } from "../activations.ts";
import type { LayerNode } from "../config/layerNode.ts";
import { activationName, flag, readConfig, units, unsupported } from "../config/readConfig.ts";
import type { BuildContext, BuiltLayer, LayerBuilder } from "./builtLayer.ts";
import { partStore } from "./builtLayer.ts";

const recurrentKinds: Readonly<Record<string, RecurrentKind>> = { SimpleRNN: "SimpleRNN", LSTM: "LSTM", GRU: "GRU" };

function recurrent(
  node: LayerNode,
  { initializer }: BuildContext,
  bidirectional: { backwards: boolean } | undefined,
): { layer: Recurrent; built: BuiltLayer } {
  const kind = recurrentKinds[node.className];
  if (kind === undefined) throw unsupported(node, `${node.className} inside Bidirectional`);
  const read = readConfig(node, {
    units,
    activation: activationName,
    recurrent_activation: activationName,
    use_bias: flag.default(true),
    return_sequences: flag.default(false),
    return_state: flag.default(false),
    go_backwards: flag.default(false),
    // Off in files of Keras before 2.1, which did not write it down.
    reset_after: flag.default(false),
    zero_output_for_mask: flag.default(false),
  });
  const options = {
    kind,
    units: read.units,
    activation: kerasActivation(node, read.activation ?? "tanh"),
    recurrentActivation: kerasActivation(node, read.recurrent_activation ?? "sigmoid"),
    resetAfter: read.reset_after,
    useBias: read.use_bias,
    returnSequences: read.return_sequences,
    returnState: read.return_state,
    goBackwards: bidirectional?.backwards ?? read.go_backwards,
    // Bidirectional layers insist on it, whatever is written down.
    zeroOutputForMask: bidirectional === undefined ? read.zero_output_for_mask : read.return_sequences,
  };
  const layer = new Recurrent(node.name, options, initializer);
  const cell = partStore(node, `${node.className}Cell`, () => layer.weights);
  const store = {
    className: node.className,
    path: node.path,
    trainable: node.trainable,
    variables: () => [],
    children: [{ names: ["cell"], store: cell }],
  };
  return { layer, built: { layer, store } };
}

function attention(kind: AttentionOptions["kind"]): LayerBuilder {
  return (node, inputs, { initializer }) => {
    const read = readConfig(node, {
      use_scale: flag.default(kind === "AdditiveAttention"),
      score_mode: z.enum(["dot", "concat"]).default("dot"),
      dropout: z.number().default(0),
      causal: flag.default(false),
    });
    const causal = read.causal || callFlag(node, "use_causal_mask");
    if (inputs.length < 2 || inputs.length > 3) throw unsupported(node, `${inputs.length} inputs`);
    const layer = new Attention(
      node.name,
      { kind, useScale: read.use_scale, score: read.score_mode, causal },
      initializer,
    );
    layer.handsMaskOn = true;
    return layer;
  };
}

/** An option that is given where the layer is called; all calls have to agree. */
function callFlag(node: LayerNode, name: string): boolean {
  const given = node.calls.map(({ kwargs }) => kwargs[name] === true);
  if (new Set(given).size > 1) throw unsupported(node, `calls with and without ${name}`);
  return given[0] ?? false;
}

export const sequenceLayers: Readonly<Record<string, LayerBuilder>> = {
  ...Object.fromEntries(
    Object.keys(recurrentKinds).map((name): [string, LayerBuilder] => [
      name,
      (node, _inputs, context) => recurrent(node, context, undefined).built,
    ]),
  ),
  Bidirectional: (node, _inputs, context) => {
    const { merge_mode } = readConfig(node, {
      layer: z.unknown().optional(),
      backward_layer: z.unknown().optional(),
      merge_mode: z.enum(["concat", "sum", "ave", "mul"]).optional(),
    });
    const inner = node.wrapped.get("layer");
    if (inner === undefined) throw unsupported(node, "no layer inside");
    const forward = recurrent(inner, context, { backwards: inner.config["go_backwards"] === true });
    const backward = recurrent(node.wrapped.get("backward_layer") ?? inner, context, {
      backwards: inner.config["go_backwards"] !== true,
    });
    // Written as null where the two outputs are not joined, left out where they are concatenated.
    const mode = merge_mode ?? (node.config["merge_mode"] === null ? "none" : "concat");
    const children = [
      { names: ["forward_layer"], store: forward.built.store },
      { names: ["backward_layer"], store: backward.built.store },
    ];
    return {
      layer: new Bidirectional(node.name, forward.layer, backward.layer, mode),
      store: { className: node.className, path: node.path, trainable: node.trainable, variables: () => [], children },
    };
  },
  MultiHeadAttention: (node, inputs, { initializer }) => {
    const read = readConfig(node, {
      num_heads: units,
      key_dim: units,
      value_dim: units.optional(),
      dropout: z.number().default(0),
      use_bias: flag.default(true),
      output_shape: z.union([units.transform((size) => [size]), z.array(units)]).optional(),
      attention_axes: z.union([units.transform((axis) => [axis]), z.array(units)]).optional(),
    });
    const { output_shape: output, attention_axes: axes } = read;
    if (inputs.some((input) => input.shape.length !== 3))
      throw unsupported(node, "inputs that are not [batch, steps, size]");
    if (axes !== undefined && (axes.length !== 1 || axes[0] !== 1))
      throw unsupported(node, `attention_axes = [${axes.join(", ")}]`);
    if (output !== undefined && output.length !== 1) throw unsupported(node, `output_shape = [${output.join(", ")}]`);
    const options = {
      heads: read.num_heads,
      keySize: read.key_dim,
      valueSize: read.value_dim ?? read.key_dim,
      outputSize: output?.[0],
      useBias: read.use_bias,
      causal: callFlag(node, "use_causal_mask"),
      inputs: inputs.length > 2 ? ("value, key" as const) : ("value" as const),
      // Keras 3 goes another way where there is dropout, also in inference.
      zeroWhenMasked: node.generation === 3 && read.dropout > 0,
    };
    const layer = new MultiHeadAttention(node.name, options, initializer);
    layer.handsMaskOn = true;
    const children = (["query", "key", "value", "output"] as const).map((name) => ({
      names: [`${name}_dense`, `_${name}_dense`],
      store: partStore(node, "EinsumDense", () => layer.projection(name)),
    }));
    return {
      layer,
      store: { className: node.className, path: node.path, trainable: node.trainable, variables: () => [], children },
    };
  },
  Attention: attention("Attention"),
  AdditiveAttention: attention("AdditiveAttention"),
};
