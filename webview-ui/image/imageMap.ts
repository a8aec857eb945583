import { type CellGrid, poolCells, type Ranking, rankByStrength, scaleLimit } from "../../src/common/mapLayout.ts";
import type { ImageAttribution } from "../../src/protocol/explanation.ts";

/** An image attribution at the grain that is read. */
export interface ImageMap {
  readonly attribution: ImageAttribution;
  readonly grid: CellGrid;
  readonly gradient: CellGrid | null;
  /** A cell's error estimate; null where it is not known at this grain. */
  readonly errors: Float32Array | null;
  readonly ranking: Ranking;
  /** Value at the end of the colour scale, the same for both pictures. */
  readonly limit: number;
}

export function imageMap(attribution: ImageAttribution, grain: number): ImageMap {
  const { values, gradient, height, width } = attribution;
  const grid = poolCells(values, height, width, grain);
  return {
    attribution,
    grid,
    gradient: gradient === null ? null : poolCells(gradient, height, width, grain),
    errors: attribution.grain === grain ? attribution.cellErrors : null,
    ranking: rankByStrength(grid.values),
    limit: scaleLimit(grid.values),
  };
}

interface CellPlace {
  readonly column: number;
  readonly row: number;
  /** In pixels of the model's picture; smaller than the grain at the right and bottom edge. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function cellPlace(map: ImageMap, index: number): CellPlace {
  const { columns, grain } = map.grid;
  const column = index % columns;
  const row = Math.floor(index / columns);
  const x = column * grain;
  const y = row * grain;
  const { width, height } = map.attribution;
  return { column, row, x, y, width: Math.min(grain, width - x), height: Math.min(grain, height - y) };
}

export function cellAt(map: ImageMap, pixel: { readonly x: number; readonly y: number }): number {
  const { columns, rows, grain } = map.grid;
  const column = Math.max(0, Math.min(columns - 1, Math.floor(pixel.x / grain)));
  const row = Math.max(0, Math.min(rows - 1, Math.floor(pixel.y / grain)));
  return row * columns + column;
}

const GRAINS = [1, 2, 4, 8, 16, 32];

/** Grains that make sense for a picture of this size, with `present` among them. */
export function grainChoices(width: number, height: number, present: number): number[] {
  const usual = GRAINS.filter((grain) => grain === 1 || grain * 2 <= Math.max(width, height));
  return usual.includes(present) ? usual : [...usual, present].sort((a, b) => a - b);
}
