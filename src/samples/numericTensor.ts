/** Numbers of one sample in row-major order. `shape` has no batch axis. */
export interface NumericTensor {
  readonly shape: number[];
  readonly data: Float32Array | Int32Array;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** A shape as a person reads it: `224 × 224 × 3`, with `any` for a free axis; a scalar is `one number`. */
export function shapeText(shape: readonly (number | null)[]): string {
  return shape.length === 0 ? "one number" : shape.map((side) => side ?? "any").join(" × ");
}
