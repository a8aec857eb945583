/** A square grey picture, values in [0, 1], row by row. */
export interface Raster {
  readonly side: number;
  readonly values: Float64Array;
}

export function blankRaster(side: number): Raster {
  return { side, values: new Float64Array(side * side) };
}

/** Paints `value` with coverage `alpha` over one pixel; positions outside the picture are ignored. */
export function paint(raster: Raster, x: number, y: number, value: number, alpha: number): void {
  if (x < 0 || y < 0 || x >= raster.side || y >= raster.side) return;
  const at = y * raster.side + x;
  raster.values[at] = (raster.values[at] ?? 0) * (1 - alpha) + value * alpha;
}

/** Ten times faster than `Math.hypot`, which guards against an overflow that pixels cannot reach. */
function length(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

/** Straight line of the given width in pixels with a soft edge of one pixel. */
export function paintLine(
  raster: Raster,
  from: readonly [number, number],
  to: readonly [number, number],
  width: number,
  value: number,
): void {
  const dx = to[0] - from[0];
  const dy = to[1] - from[1];
  const squared = dx * dx + dy * dy || 1;
  for (let y = 0; y < raster.side; y++) {
    for (let x = 0; x < raster.side; x++) {
      const along = Math.min(1, Math.max(0, ((x - from[0]) * dx + (y - from[1]) * dy) / squared));
      const distance = length(x - from[0] - along * dx, y - from[1] - along * dy);
      const alpha = Math.min(1, width / 2 + 0.5 - distance);
      if (alpha > 0) paint(raster, x, y, value, alpha);
    }
  }
}

/** Filled spot whose edge fades over `softness` pixels. */
export function paintSpot(
  raster: Raster,
  centre: readonly [number, number],
  radius: number,
  softness: number,
  value: number,
): void {
  const reach = radius + softness / 2;
  for (let y = Math.floor(centre[1] - reach); y <= centre[1] + reach; y++) {
    for (let x = Math.floor(centre[0] - reach); x <= centre[0] + reach; x++) {
      const distance = length(x - centre[0], y - centre[1]);
      const alpha = Math.min(1, (radius - distance) / softness + 0.5);
      if (alpha > 0) paint(raster, x, y, value, alpha);
    }
  }
}

/**
 * Value of a square picture at a place between its pixels, zero outside: bicubic interpolation with the Catmull–Rom
 * weights (Keys, 1981, a = −1/2).
 */
export function sampleBicubic(pixels: Float64Array, side: number, x: number, y: number): number {
  if (x <= -2 || y <= -2 || x >= side + 1 || y >= side + 1) return 0;
  const [left, top] = [Math.floor(x) - 1, Math.floor(y) - 1];
  const [t, u] = [x - left - 1, y - top - 1];
  let sum = 0;
  for (let dy = Math.max(0, -top); dy < 4 && top + dy < side; dy++) {
    let row = 0;
    for (let dx = Math.max(0, -left); dx < 4 && left + dx < side; dx++) {
      row += (pixels[(top + dy) * side + left + dx] ?? 0) * cubicWeight(dx, t);
    }
    sum += row * cubicWeight(dy, u);
  }
  return sum;
}

/** Weight of the source pixel at offset `index` − 1, for a place at fraction `t` behind the pixel at offset 0. */
function cubicWeight(index: number, t: number): number {
  if (index === 0) return ((2 - t) * t - 1) * t * 0.5;
  if (index === 1) return ((3 * t - 5) * t * t + 2) * 0.5;
  if (index === 2) return ((4 - 3 * t) * t + 1) * t * 0.5;
  return (t - 1) * t * t * 0.5;
}
