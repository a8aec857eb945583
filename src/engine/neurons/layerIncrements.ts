import {
  customGrad,
  dispose,
  engine,
  type GradSaveFunc,
  keep,
  memory,
  sum,
  type Tensor,
  tensor2d,
  tidy,
} from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import { freeAbandonedTape } from "../abandonedTape.ts";
import type { NodeId, NodeSpec } from "../port.ts";
import { fetchesOf, scoreFrom } from "../scoreOf.ts";
import { fromTensorError } from "../tensorErrors.ts";
import type { LayerFlow } from "./cuts.ts";
import { type Increments, incrementsOf, type Stretch } from "./increments.ts";
import type { LayerPath } from "./layerGradient.ts";
import { feedsAt } from "./pathFeeds.ts";
import { stretchWeights } from "./stretchWeights.ts";

/** What a stretch of the path adds to the conductances of a node. */
export interface LayerIncrement {
  /** Without the batch axis; [1] of a node with one value a sample. */
  readonly shape: readonly number[];
  readonly neurons: Float64Array;
  /** Σ over the neurons at each place, of a node with one axis beside that of the neurons; null of others. */
  readonly places: Float64Array | null;
}

export interface LayerIncrements {
  readonly increments: ReadonlyMap<NodeId, LayerIncrement>;
  /** Nodes that cannot be looked into, and why. */
  readonly refused: ReadonlyMap<NodeId, string>;
  /** What a point took, bytes. */
  readonly bytesPerPoint: number;
}

/** Axis of the neurons in a node. */
export type AxisOf = (spec: NodeSpec, shape: readonly number[]) => number;

/**
 * ∫ ∂F/∂H dH of all layers over a stretch of the path, from a single forward and a single backward pass of its points
 * (ascending, two at least): the model is evaluated node after node, every one from those before, and a tap on each node
 * contracts the total derivative of the score that comes by with the node's values, so that no more than a number a
 * neuron leaves the backend. Products and the sums over places are float32, everything behind them float64. Holds no
 * tensors between calls.
 */
export async function layerIncrements(
  path: Omit<LayerPath, "layer">,
  flow: LayerFlow,
  axisOf: AxisOf,
  alphas: readonly number[],
): Promise<LayerIncrements> {
  const { model, ends, target } = path;
  const rows = alphas.length;
  const kept = new Map<NodeId, Increments>();
  const refused = new Map<NodeId, string>();
  const shapes = new Map<NodeId, { readonly shape: readonly number[]; readonly axis: number }>();
  const specs = new Map(flow.nodes.map(({ spec }) => [spec.id, spec]));
  const siblings = siblingsOf(flow);
  let bytes = 0;
  try {
    tidy(() => {
      const feeds = feedsAt(path, alphas);
      const leaves = ends.map(({ node }) => feeds.get(node) as Tensor);
      const stretch = stretchOf(alphas);
      const note = (id: NodeId, value: Tensor): void => {
        const shape = value.rank === 1 ? [1] : value.shape.slice(1);
        shapes.set(id, { shape, axis: axisOf(specs.get(id) as NodeSpec, shape) });
      };
      const contract = (id: NodeId, values: Tensor, gradients: Tensor): void => {
        const node = shapes.get(id);
        if (node === undefined) return;
        tidy(() => {
          const { neurons, places } = incrementsOf(stretch, { id, ...node }, values, gradients);
          kept.set(id, { neurons: keep(neurons), places: places && keep(places) });
        });
      };
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
            const before = memory().numBytes;
            const value = evaluateOne(path, known, id, refused);
            bytes += (memory().numBytes - before) / rows;
            if (value === null) continue;
            if (value.rank === 0 || value.shape[0] !== rows) {
              refused.set(id, "It has no axis for the samples of a batch.");
              continue;
            }
            note(id, value);
            known.set(
              id,
              tapped(value, (values, gradients) => contract(id, values, gradients)),
            );
          }
          const fetches = fetchesOf(target);
          const missing = fetches.filter((id) => !known.has(id));
          const others = missing.length === 0 ? [] : model.evaluate(known, missing);
          for (const [k, id] of missing.entries()) known.set(id, others[k] as Tensor);
          return sum(scoreFrom(new Map(fetches.map((id) => [id, known.get(id) as Tensor])), target));
        },
        leaves,
        undefined,
        true,
      );
      for (const [k, gradient] of (grads as (Tensor | null | undefined)[]).entries()) {
        const node = ends[k]?.node;
        if (node === undefined || !specs.has(node) || !gradient) continue;
        note(node, leaves[k] as Tensor);
        contract(node, leaves[k] as Tensor, gradient);
      }
    });
    const increments = new Map<NodeId, LayerIncrement>();
    for (const [id, { shape, axis }] of shapes) {
      const found = kept.get(id);
      const count = shape[axis] ?? 1;
      increments.set(id, {
        shape,
        // No gradient comes by where the score does not depend on it.
        neurons: found === undefined ? new Float64Array(count) : await added(found.neurons),
        places: found?.places ? await added(found.places) : null,
      });
    }
    return { increments, refused, bytesPerPoint: bytes };
  } catch (error) {
    freeAbandonedTape();
    throw fromTensorError(error);
  } finally {
    dispose([...kept.values()].flatMap(({ neurons, places }) => (places === null ? [neurons] : [neurons, places])));
  }
}

function stretchOf(alphas: readonly number[]): Stretch {
  const rows = alphas.length;
  const differences = Array.from({ length: rows - 1 }, (_, k) =>
    alphas.map((_alpha, p) => (p === k ? -1 : p === k + 1 ? 1 : 0)),
  );
  return {
    differences: tensor2d(differences, [rows - 1, rows], "float32"),
    weights: tensor2d(stretchWeights(alphas), [rows - 1, rows], "float32"),
  };
}

/** Σ over the intervals, in float64. */
async function added(intervals: Tensor): Promise<Float64Array> {
  const values = await intervals.data();
  const sums = new Float64Array(values.length / (intervals.shape[0] ?? 1));
  for (const [i, value] of values.entries()) {
    const at = i % sums.length;
    sums[at] = (sums[at] as number) + value;
  }
  return sums;
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

/** The same value; hands it over with the gradient with respect to it when that comes by. */
function tapped(value: Tensor, contract: (values: Tensor, gradients: Tensor) => void): Tensor {
  return customGrad((each, save) => {
    const own = each as Tensor;
    (save as GradSaveFunc)([own]);
    return {
      value: own.clone(),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        contract(saved[0] as Tensor, dy);
        return dy.clone();
      },
    };
  })(value);
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
