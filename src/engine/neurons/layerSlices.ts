import { customGrad, dispose, engine, keep, memory, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import { freeAbandonedTape } from "../abandonedTape.ts";
import { split } from "../jvpRows.ts";
import type { NodeId } from "../port.ts";
import { fetchesOf, scoreFrom } from "../scoreOf.ts";
import { fromTensorError } from "../tensorErrors.ts";
import type { LayerFlow } from "./cuts.ts";
import type { LayerPath } from "./layerGradient.ts";
import { feedsAt } from "./pathFeeds.ts";

/** A node at points of the path: its values and the derivative of the score with respect to them. */
export interface LayerSlice {
  /** Without the batch axis. */
  readonly shape: readonly number[];
  /** One vector a point. */
  readonly values: readonly Float32Array[];
  readonly gradients: readonly Float32Array[];
}

export interface LayerSlices {
  readonly slices: ReadonlyMap<NodeId, LayerSlice>;
  /** Nodes that cannot be looked into, and why. */
  readonly refused: ReadonlyMap<NodeId, string>;
  /** What the tape held of a point, bytes. */
  readonly bytesPerPoint: number;
}

/**
 * Values of many layers and the derivatives of the score with respect to each of them, total ones, from a single forward
 * and a single backward pass: the model is evaluated node after node, every one from those before, and a tap on each
 * node that is asked for notes the gradient that comes by. At least two points, so that the axis of the batch is seen.
 * Holds no tensors between calls.
 */
export async function layerSlices(
  path: Omit<LayerPath, "layer">,
  flow: LayerFlow,
  wanted: ReadonlySet<NodeId>,
  alphas: readonly number[],
): Promise<LayerSlices> {
  const { model, ends, target } = path;
  const rows = alphas.length;
  const kept = new Map<NodeId, Tensor>();
  const caught = new Map<NodeId, Tensor>();
  const refused = new Map<NodeId, string>();
  const siblings = siblingsOf(flow);
  let bytes = 0;
  try {
    tidy(() => {
      const feeds = feedsAt(path, alphas);
      const leaves = ends.map(({ node }) => feeds.get(node) as Tensor);
      const before = memory().numBytes;
      const { grads } = engine().gradients(
        () => {
          const known = new Map(feeds);
          for (const { spec } of flow.nodes) {
            const { id } = spec;
            if (feeds.has(id)) continue;
            if (siblings.has(id)) {
              refused.set(id, "It is one of several outputs of an operation.");
              continue;
            }
            const value = evaluateOne(path, known, id, refused);
            if (value === null) continue;
            if (value.rank === 0 || value.shape[0] !== rows) {
              refused.set(id, "It has no axis for the samples of a batch.");
              continue;
            }
            if (!wanted.has(id)) {
              known.set(id, value);
              continue;
            }
            kept.set(id, keep(value.clone()));
            known.set(
              id,
              tapped(value, (gradient) => caught.set(id, keep(gradient.clone()))),
            );
          }
          const fetches = fetchesOf(target);
          const missing = fetches.filter((id) => !known.has(id));
          const others = missing.length === 0 ? [] : model.evaluate(known, missing);
          for (const [k, id] of missing.entries()) known.set(id, others[k] as Tensor);
          const found = scoreFrom(new Map(fetches.map((id) => [id, known.get(id) as Tensor])), target);
          bytes = (memory().numBytes - before) / rows;
          return sum(found);
        },
        leaves,
        undefined,
        true,
      );
      for (const [k, gradient] of (grads as (Tensor | null | undefined)[]).entries()) {
        const node = ends[k]?.node;
        if (node === undefined || !wanted.has(node) || !gradient) continue;
        kept.set(node, keep((leaves[k] as Tensor).clone()));
        caught.set(node, keep(gradient));
      }
    });
    const slices = new Map<NodeId, LayerSlice>();
    for (const [id, value] of kept) {
      const gradient = caught.get(id);
      const values = split((await value.data()) as Float32Array, rows);
      const gradients =
        gradient === undefined
          ? values.map((each) => new Float32Array(each.length))
          : split((await gradient.data()) as Float32Array, rows);
      slices.set(id, { shape: value.shape.slice(1), values, gradients });
    }
    return { slices, refused, bytesPerPoint: bytes };
  } catch (error) {
    freeAbandonedTape();
    throw fromTensorError(error);
  } finally {
    dispose([...kept.values(), ...caught.values()]);
  }
}

/** Null where the model cannot compute it by itself; why is noted. */
function evaluateOne(
  { model }: Pick<LayerPath, "model">,
  known: ReadonlyMap<NodeId, Tensor>,
  id: NodeId,
  refused: Map<NodeId, string>,
): Tensor | null {
  try {
    return model.evaluate(known, [id])[0] ?? null;
  } catch (error) {
    const cannot = error instanceof PathlightError && error.code.startsWith("model-");
    if (!cannot) throw error;
    refused.set(id, error.message);
    return null;
  }
}

/** The same value; tells the gradient with respect to it when it comes by. */
function tapped(value: Tensor, caught: (gradient: Tensor) => void): Tensor {
  return customGrad((each) => ({
    value: (each as Tensor).clone(),
    gradFunc: (dy: Tensor) => {
      caught(dy);
      return dy.clone();
    },
  }))(value);
}

/** Nodes that share an operation with another, `name:1` beside `name`: feeding one of them would stand for both. */
function siblingsOf({ nodes }: LayerFlow): Set<NodeId> {
  const ids = new Set(nodes.map(({ spec }) => spec.id));
  const found = new Set<NodeId>();
  for (const id of ids) {
    const first = /^(.+):\d+$/.exec(id)?.[1];
    if (first === undefined || !ids.has(first)) continue;
    found.add(id);
    found.add(first);
  }
  return found;
}
