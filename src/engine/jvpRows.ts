import { type Tensor, tensor } from "@tensorflow/tfjs-core";
import type { NodeId } from "./port.ts";

/** What moves: a node with its value at the point, without the batch axis. */
export interface JvpPoint {
  readonly node: NodeId;
  readonly shape: readonly number[];
  readonly value: Float32Array;
}

/** A direction: one array for each moving node, of the length of its value. */
export type Direction = readonly Float32Array[];

/** One derivative that is asked for: a direction at a point of its own. */
export interface JvpRow {
  readonly point: readonly JvpPoint[];
  readonly direction: Direction;
}

/** A node's value in each row, moved along the row's direction by the step; float64 sums, rounded once. */
export function pointRows(rows: readonly JvpRow[], part: number, step: number): Tensor {
  const { shape, value } = rows[0]?.point[part] ?? { shape: [], value: new Float32Array() };
  const size = value.length;
  const values = new Float32Array(size * rows.length);
  for (const [row, { point, direction }] of rows.entries()) {
    const start = point[part]?.value ?? [];
    const along = direction[part] ?? [];
    for (let i = 0; i < size; i++) {
      values[row * size + i] = (start[i] as number) + (step === 0 ? 0 : step * (along[i] ?? 0));
    }
  }
  return tensor(values, [rows.length, ...shape], "float32");
}

/** Each row's direction in a node, as a batch. */
export function directionRows(rows: readonly JvpRow[], part: number): Tensor {
  const { shape, value } = rows[0]?.point[part] ?? { shape: [], value: new Float32Array() };
  const values = new Float32Array(value.length * rows.length);
  for (const [row, { direction }] of rows.entries()) values.set(direction[part] ?? [], row * value.length);
  return tensor(values, [rows.length, ...shape], "float32");
}

/** A batch of rows, a copy of each. */
export function split(values: Float32Array, rows: number): Float32Array[] {
  const width = values.length / rows;
  return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
}
