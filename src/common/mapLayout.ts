/** Cells of a map: sums of pixels at a grain, their ranks, and the scale that they are painted at. */

export interface CellGrid {
  /** Side of a cell in pixels of the model's picture; those at the right and bottom edge may be smaller. */
  readonly grain: number;
  readonly columns: number;
  readonly rows: number;
  /** Sum of each cell, row by row, in float64: the total is the same at every grain. */
  readonly values: Float64Array;
}

/** `values`: one a pixel, [height × width]. */
export function poolCells(values: ArrayLike<number>, height: number, width: number, grain: number): CellGrid {
  const columns = Math.ceil(width / grain);
  const rows = Math.ceil(height / grain);
  const cells = new Float64Array(columns * rows);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / grain) * columns;
    for (let x = 0; x < width; x++) {
      const cell = row + Math.floor(x / grain);
      cells[cell] = (cells[cell] as number) + (values[y * width + x] as number);
    }
  }
  return { grain, columns, rows, values: cells };
}

/** The value below which the fraction `p` of |values| lies; the largest where that would be 0. 0 only if all are 0. */
export function percentile(values: ArrayLike<number>, p: number): number {
  const sorted = Float64Array.from(values, Math.abs).sort();
  if (sorted.length === 0) return 0;
  const at = sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] as number;
  return at > 0 ? at : (sorted[sorted.length - 1] as number);
}

/** What the end of the colour scale stands for: the 99th percentile of |values|. */
export function scaleLimit(values: ArrayLike<number>): number {
  return percentile(values, 0.99);
}

export interface Ranking {
  /** Indices by |value|, strongest first; equal ones in reading order. */
  readonly order: Uint32Array;
  /** Rank of each index, from 1. */
  readonly rankOf: Uint32Array;
}

export function rankByStrength(values: ArrayLike<number>): Ranking {
  const strength = Float64Array.from(values, Math.abs);
  const order = Uint32Array.from(strength, (_, index) => index).sort(
    (a, b) => (strength[b] as number) - (strength[a] as number) || a - b,
  );
  const rankOf = new Uint32Array(order.length);
  order.forEach((index, position) => {
    rankOf[index] = position + 1;
  });
  return { order, rankOf };
}

/** Whether a value is hatched: smaller than its own error, which is large enough to matter on this scale. */
export function isUncertain(value: number, error: number, limit: number): boolean {
  return Math.abs(value) < error && error > 0.05 * limit;
}
