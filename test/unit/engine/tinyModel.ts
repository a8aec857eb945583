import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { DifferentiableModel, NodeId } from "../../../src/engine/port.ts";

/** A model of one input `x` and one output `y`, given by a function of tensors with the batch axis. */
export function tinyModel(inputShape: readonly number[], y: (x: Tensor) => Tensor): DifferentiableModel {
  return tinyModelOf({ x: inputShape }, (feeds) => y(feeds.get("x") as Tensor));
}

/** The same with several inputs. */
export function tinyModelOf(
  inputs: Readonly<Record<string, readonly number[]>>,
  y: (feeds: ReadonlyMap<NodeId, Tensor>) => Tensor,
): DifferentiableModel {
  const spec = (id: NodeId, op: string, shape: readonly (number | null)[]) =>
    ({ id, op, shape, dtype: "float32" }) as const;
  const nodes = [
    ...Object.entries(inputs).map(([id, shape]) => spec(id, "Input", [null, ...shape])),
    spec("y", "Function", [null]),
  ];
  return {
    inputs: nodes.slice(0, -1),
    outputs: nodes.slice(-1),
    nodes,
    heads: [{ output: "y", activation: "none", logit: "y" }],
    embeddings: [],
    parameterCount: 0,
    evaluate: (feeds) => [y(feeds)],
    firstNonFiniteNode: async (feeds) => {
      const output = tidy(() => y(feeds));
      const finite = (await output.data()).every(Number.isFinite);
      output.dispose();
      return finite ? null : "y";
    },
    dispose: () => undefined,
  };
}
