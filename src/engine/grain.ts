import { PathlightError } from "../common/errors.ts";

/**
 * What a person reads as one value: a feature, a cell of pixels, a token. A cell's attribution is the sum over its
 * features, so every grain has the same total.
 */
export interface Grain {
  readonly cellCount: number;
  /** Cell of each feature. */
  readonly cellOf: Uint32Array;
}

/** Every feature is its own cell. */
export function identityGrain(size: number): Grain {
  return { cellCount: size, cellOf: Uint32Array.from({ length: size }, (_, index) => index) };
}

export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly layout: "channels-last" | "channels-first";
}

/** Cells of `pixels` × `pixels`, summed over channels, in reading order; those at the right and bottom edge may be smaller. */
export function imageGrain(size: ImageSize, pixels: number): Grain {
  const { height, width, channels, layout } = size;
  if (!Number.isInteger(pixels) || pixels < 1) {
    throw new PathlightError("usage", `A grain of ${pixels} pixels is not possible.`, {
      expected: "a whole number of pixels, 1 or more",
      found: String(pixels),
    });
  }
  const columns = Math.ceil(width / pixels);
  const cellOf = new Uint32Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = Math.floor(y / pixels) * columns + Math.floor(x / pixels);
      for (let c = 0; c < channels; c++) {
        const feature = layout === "channels-last" ? (y * width + x) * channels + c : (c * height + y) * width + x;
        cellOf[feature] = cell;
      }
    }
  }
  return { cellCount: columns * Math.ceil(height / pixels), cellOf };
}

/** A cell for each position of a sequence, summed over the dimensions of its embedding. */
export function positionGrain(positions: number, dimensions: number): Grain {
  const cellOf = Uint32Array.from({ length: positions * dimensions }, (_, index) => Math.floor(index / dimensions));
  return { cellCount: positions, cellOf };
}

/** Grains of consecutive inputs, one after the other. */
export function joinGrains(grains: readonly Grain[]): Grain {
  const cellOf = new Uint32Array(grains.reduce((sum, grain) => sum + grain.cellOf.length, 0));
  let cellCount = 0;
  let feature = 0;
  for (const grain of grains) {
    for (const cell of grain.cellOf) cellOf[feature++] = cellCount + cell;
    cellCount += grain.cellCount;
  }
  return { cellCount, cellOf };
}

/** Pixels a cell: above 64 pixels nobody reads single ones, and deep networks do not settle on them. */
export function defaultImageGrain(height: number, width: number): number {
  return Math.max(height, width) > 64 ? 8 : 1;
}

/** Sums by cell, in float64. */
export function sumByCell(grain: Grain, values: Float32Array | Float64Array): Float64Array {
  const cells = new Float64Array(grain.cellCount);
  for (let feature = 0; feature < values.length; feature++) {
    const cell = grain.cellOf[feature] as number;
    cells[cell] = (cells[cell] as number) + (values[feature] as number);
  }
  return cells;
}
