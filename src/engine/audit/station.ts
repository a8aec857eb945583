import { dispose, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { breathe, throwIfCancelled } from "../../common/cancellation.ts";
import type { DifferentiableModel, NodeId } from "../port.ts";
import { fromTensorError } from "../tensorErrors.ts";
import type { Moving } from "./probe.ts";

/** An input that is explained: the two ends of the path, without the batch axis. */
export interface PathEnds {
  readonly node: NodeId;
  readonly shape: readonly number[];
  readonly x: Float32Array;
  readonly baseline: Float32Array;
}

/**
 * `path`: exactly at α, along the whole of x − x′, as Integrated Gradients are. `random`: each feature's part of x − x′
 * with a random sign, from a point that is moved off α by up to a hundredth, so that values which tie on the path (a flat
 * background under a maximum) do not tie there.
 */
export type Way = "path" | "random";

/** A point on the path, or close by, with a direction from it: what moves there, for each explained input. */
export function pointOf(
  ends: readonly PathEnds[],
  alpha: number,
  way: Way,
  random: () => number,
  stretch = 1,
): Moving[] {
  return ends.map(({ node, shape, x, baseline }) => {
    const value = new Float32Array(x.length);
    const direction = new Float32Array(x.length);
    for (let i = 0; i < x.length; i++) {
      const [end, start] = [x[i] as number, baseline[i] as number];
      const change = end - start;
      const jitter = way === "random" ? 0.01 * (2 * random() - 1) : 0;
      value[i] = alpha < 0.5 ? start + (alpha + jitter) * change : end - (1 - alpha - jitter) * change;
      direction[i] = stretch * change * (way === "random" && random() < 0.5 ? -1 : 1);
    }
    return { node, shape, value, direction };
  });
}

/** Step of the forward differences that give a node's own direction; nothing is measured by them. */
const STEP = 2 ** -7;

/**
 * What each of these nodes holds at a point, and how it moves when the inputs do. Null for a node that does not move, or
 * not as a batch of rows. The direction is stretched to the size of the value, so that steps mean the same everywhere.
 */
export async function valuesAt(
  model: DifferentiableModel,
  point: readonly Moving[],
  held: ReadonlyMap<NodeId, Tensor>,
  nodes: readonly NodeId[],
  signal: AbortSignal | undefined,
): Promise<Map<NodeId, Moving | null>> {
  throwIfCancelled(signal);
  const found = new Map<NodeId, Moving | null>();
  const given = new Map(point.map((moving) => [moving.node, moving]));
  const wanted = nodes.filter((node) => {
    const moving = given.get(node);
    if (moving !== undefined) found.set(node, stretched(moving));
    return moving === undefined;
  });
  const shifts = [0, STEP, -STEP];
  const rows = new Map(wanted.map((node) => [node, [] as Float32Array[]]));
  const shapes = new Map<NodeId, readonly number[]>();
  for (const shift of wanted.length === 0 ? [] : shifts) {
    let values: Tensor[] = [];
    try {
      values = tidy(() => {
        const feeds = new Map(held);
        for (const { node, shape, value, direction } of point) {
          const moved = value.map((each, i) => each + shift * (direction[i] as number));
          feeds.set(node, tensor(moved, [1, ...shape], "float32"));
        }
        return model.evaluate(feeds, wanted);
      });
      for (const [k, node] of wanted.entries()) {
        const value = values[k] as Tensor;
        shapes.set(node, value.shape);
        rows.get(node)?.push(Float32Array.from(await value.data()));
      }
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      dispose(values);
    }
    await breathe();
    throwIfCancelled(signal);
  }
  for (const node of wanted) {
    const [value, up, down] = rows.get(node) ?? [];
    const [batch, ...shape] = shapes.get(node) ?? [];
    if (value === undefined || up === undefined || down === undefined || batch !== 1) found.set(node, null);
    else {
      const direction = value.map((_, i) => ((up[i] as number) - (down[i] as number)) / (2 * STEP));
      found.set(node, stretched({ node, shape, value, direction }));
    }
  }
  return found;
}

/** A direction that is nothing but rounding is none. */
const LEAST = 1e-5;

function stretched(moving: Moving): Moving | null {
  const { value, direction } = moving;
  const [size, change] = [rootMeanSquare(value), rootMeanSquare(direction)];
  if (change === 0 || change < LEAST * size || !Number.isFinite(size) || !Number.isFinite(change)) return null;
  const factor = size === 0 ? 1 : size / change;
  return { ...moving, direction: direction.map((each) => each * factor) };
}

function rootMeanSquare(values: Float32Array): number {
  let square = 0;
  for (const value of values) square += value * value;
  return Math.sqrt(square / Math.max(1, values.length));
}
