import { PathlightError } from "../../../common/errors.ts";
import type { Shape } from "./ownLayer.ts";

/** The shape of two tensors joined value by value; missing axes come behind the batch axis. */
export function broadcastShapes(layer: { name: string }, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const pad = ([batch = null, ...rest]: Shape): Shape => [
    batch,
    ...new Array<number>(rank - rest.length - 1).fill(1),
    ...rest,
  ];
  const [left, right] = [pad(a), pad(b)];
  return left.map((size, axis) => {
    const other = right[axis] ?? null;
    if (axis === 0) return null;
    if (size === 1 || size === other) return other;
    if (other === 1) return size;
    if (size === null || other === null) return size ?? other;
    throw new PathlightError("model-unsupported-shape", `The inputs of ${layer.name} do not fit together.`, {
      expected: "shapes that can be broadcast",
      found: `[${a.join(", ")}] and [${b.join(", ")}]`,
      whatToDo: "Save the model again.",
    });
  });
}
