import { engine, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { freeAbandonedTape } from "./abandonedTape.ts";
import type { DifferentiableModel, NodeId } from "./port.ts";
import { type ScoreTarget, scoreOf } from "./scoreOf.ts";

/** Where the way back from the score stops being finite: the gradient at `at` is not, the one at `behind` still is. */
export interface GradientBreak {
  readonly at: NodeId;
  /** The node next to it on the way to the score, whose derivative is to blame; null where none is known. */
  readonly behind: NodeId | null;
}

/**
 * Finds it by cutting the graph: the gradient of the score with respect to one node after the other, from the score
 * back. One row a feed. Null where every gradient that can be had is finite. Slow: for error messages only.
 */
export function nonFiniteGradient(
  model: DifferentiableModel,
  feeds: ReadonlyMap<NodeId, Tensor>,
  target: ScoreTarget,
): GradientBreak | null {
  const nodes = model.nodes.filter(({ dtype }) => dtype === "float32").map(({ id }) => id);
  const isBroken = (id: NodeId): boolean => {
    const gradient = gradientAt(model, feeds, id, (all) => scoreOf(model, all, target));
    return gradient?.some((value) => !Number.isFinite(value)) ?? false;
  };
  const place = nodes.findLastIndex(isBroken);
  const at = nodes[place];
  if (at === undefined) return null;
  const behind = nodes
    .slice(place + 1)
    .find((id) => gradientAt(model, feeds, at, (all) => model.evaluate(all, [id])[0]) !== null);
  return { at, behind: behind ?? null };
}

/** The gradient of a sum with respect to the value of a node; null where it does not depend on it, or there is none. */
function gradientAt(
  model: DifferentiableModel,
  feeds: ReadonlyMap<NodeId, Tensor>,
  id: NodeId,
  value: (feeds: ReadonlyMap<NodeId, Tensor>) => Tensor | undefined,
): Float32Array | null {
  let values: Float32Array | null = null;
  try {
    tidy(() => {
      const at = feeds.get(id) ?? model.evaluate(feeds, [id])[0];
      if (at === undefined) return;
      const f = () => sum(value(new Map([...feeds, [id, at]])) ?? at);
      const { grads } = engine().gradients(f, [at], undefined, true);
      const [gradient]: (Tensor | null | undefined)[] = grads;
      if (gradient) values = Float32Array.from(gradient.dataSync());
    });
    return values;
  } catch {
    // Not a cut of the graph, or an op without a gradient: this node says nothing.
    freeAbandonedTape();
    return null;
  }
}
