import * as tf from "@tensorflow/tfjs-core";
import { PathlightError, toPathlightError } from "../common/errors.ts";
import type { DifferentiableModel, NodeId, NodeSpec } from "../engine/port.ts";
import { collectRefusals, type Refusal } from "./tape.ts";

/** Nodes that the gradient cannot pass; or why it could not be tried, a sentence. */
export type GradientObstacles =
  | { readonly tried: true; readonly nodes: readonly Refusal[] }
  | { readonly tried: false; readonly reason: string };

/** Sizes that the model leaves open: sides of a picture, else a length. */
const OPEN_SIDE = 64;
const OPEN_LENGTH = 8;

/**
 * Tries one gradient of all outputs with respect to everything that can be explained (float inputs, embeddings of token
 * ids), at random values, and tells which nodes it cannot pass. Ops that reach no output are not looked at. Needs about
 * the memory and time of one gradient evaluation; leaves no tensor behind.
 */
export function gradientObstacles(model: DifferentiableModel): GradientObstacles {
  const feeds = startingPoints(model);
  if (feeds.explained.length === 0) return { tried: false, reason: "No input can be explained." };
  try {
    let nodes: Refusal[] = [];
    tf.tidy(() => {
      const held = feeds.held.map((spec) => [spec.id, heldValue(spec)] as const);
      const values = feeds.explained.map((spec, index) => tf.randomNormal(sizes(spec), 0, 1, "float32", 11 + index));
      nodes = collectRefusals(() => {
        tf.grads((...xs: tf.Tensor[]) => {
          const given = new Map<NodeId, tf.Tensor>(held);
          feeds.explained.forEach((spec, index) => {
            const x = xs[index];
            if (x !== undefined) given.set(spec.id, x);
          });
          return total(model, given);
        })(values);
      });
    });
    return { tried: true, nodes };
  } catch (thrown) {
    const error = toPathlightError(thrown);
    const known = thrown instanceof PathlightError;
    return { tried: false, reason: known ? error.message : `Trying it failed: ${error.message}` };
  }
}

function startingPoints({ inputs, embeddings, nodes }: DifferentiableModel) {
  const embedded = new Set(embeddings.map(({ input }) => input));
  const floats = inputs.filter(({ id, dtype }) => !embedded.has(id) && dtype === "float32");
  const held = inputs.filter(({ id, dtype }) => embedded.has(id) || dtype !== "float32");
  const ids = new Set(embeddings.map(({ node }) => node));
  return { explained: [...floats, ...nodes.filter(({ id }) => ids.has(id))], held };
}

/** Token ids that every vocabulary has, and masks that let everything through. */
function heldValue(spec: NodeSpec): tf.Tensor {
  return tf.ones(sizes(spec), spec.dtype === "bool" ? "bool" : "int32");
}

function sizes({ shape }: NodeSpec): number[] {
  const open = shape.slice(1).filter((size) => size === null).length;
  return shape.map((size, axis) => size ?? (axis === 0 ? 1 : open > 1 ? OPEN_SIDE : OPEN_LENGTH));
}

function total(model: DifferentiableModel, given: ReadonlyMap<NodeId, tf.Tensor>): tf.Scalar {
  const outputs = model.evaluate(given, [...new Set(model.heads.map(({ logit }) => logit))]);
  const sums = outputs.filter(({ dtype }) => dtype === "float32").map((output) => tf.sum(output));
  if (sums.length === 0) {
    throw new PathlightError("model-not-differentiable", "No output of the model is a real number.");
  }
  return tf.reshape<tf.Rank.R0>(tf.addN(sums), []);
}
