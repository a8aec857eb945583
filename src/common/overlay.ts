import type { ColorScale } from "./colorScale.ts";
import type { CellGrid } from "./mapLayout.ts";

/** Which values are shown: all with their sign, those for, those against, or all as strength. */
export const signFilters = ["signed", "for", "against", "strength"] as const;
export type SignFilter = (typeof signFilters)[number];

export interface OverlayStyle {
  readonly scale: ColorScale;
  /** Value at the end of the scale. */
  readonly limit: number;
  readonly sign: SignFilter;
  /** Part of the scale, 0 to 1, below which nothing is painted. */
  readonly threshold: number;
  readonly opacity: number;
}

/** The value as it is shown under a sign filter. */
export function filtered(value: number, sign: SignFilter): number {
  if (sign === "strength") return Math.abs(value);
  if ((sign === "for" && value < 0) || (sign === "against" && value > 0)) return 0;
  return value;
}

/** Where on the colour scale a painted value of strength `t` lies: faint values keep a hue of their own. */
export function overlayPosition(t: number): number {
  return 0.34 + 0.66 * t;
}

export function overlayAlpha(t: number, threshold: number): number {
  return t < threshold || t === 0 ? 0 : Math.min(1, 0.15 + 1.05 * t ** 0.6);
}

const STEPS = 512;

/** RGBA for each strength, not premultiplied: [−1 … 1] in 2 × STEPS + 1 entries. */
function lookUp(style: OverlayStyle): Uint8ClampedArray {
  const table = new Uint8ClampedArray((2 * STEPS + 1) * 4);
  for (let index = -STEPS; index <= STEPS; index++) {
    const t = Math.abs(index) / STEPS;
    const color = style.scale.at(Math.sign(index) * overlayPosition(t));
    const alpha = overlayAlpha(t, style.threshold) * style.opacity;
    table.set([color[0], color[1], color[2], 255 * alpha], (index + STEPS) * 4);
  }
  return table;
}

/**
 * The map as pixels to lay over a part of the picture that the model saw: [outHeight × outWidth × 4], bilinear between
 * the centres of the cells. `part`: in pixels of the model's picture.
 */
export function overlayPixels(
  grid: CellGrid,
  part: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  out: { readonly width: number; readonly height: number },
  style: OverlayStyle,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(out.width * out.height * 4);
  if (style.limit <= 0) return pixels;
  const table = lookUp(style);
  const { columns, rows, values, grain } = grid;
  const axis = (
    size: number,
    cells: number,
    from: number,
    length: number,
  ): { low: Uint32Array; fraction: Float64Array } => {
    const low = new Uint32Array(size);
    const fraction = new Float64Array(size);
    for (let i = 0; i < size; i++) {
      const at = Math.max(0, Math.min(cells - 1, (from + ((i + 0.5) / size) * length) / grain - 0.5));
      low[i] = Math.floor(at);
      fraction[i] = at - Math.floor(at);
    }
    return { low, fraction };
  };
  const horizontal = axis(out.width, columns, part.x, part.width);
  const vertical = axis(out.height, rows, part.y, part.height);
  for (let y = 0; y < out.height; y++) {
    const top = vertical.low[y] as number;
    const down = vertical.fraction[y] as number;
    const upper = top * columns;
    const lower = Math.min(rows - 1, top + 1) * columns;
    for (let x = 0; x < out.width; x++) {
      const left = horizontal.low[x] as number;
      const across = horizontal.fraction[x] as number;
      const right = Math.min(columns - 1, left + 1);
      const a = (values[upper + left] as number) * (1 - across) + (values[upper + right] as number) * across;
      const b = (values[lower + left] as number) * (1 - across) + (values[lower + right] as number) * across;
      const value = filtered(a * (1 - down) + b * down, style.sign) / style.limit;
      const entry = (Math.round(Math.max(-1, Math.min(1, value)) * STEPS) + STEPS) * 4;
      const pixel = (y * out.width + x) * 4;
      pixels[pixel] = table[entry] as number;
      pixels[pixel + 1] = table[entry + 1] as number;
      pixels[pixel + 2] = table[entry + 2] as number;
      pixels[pixel + 3] = table[entry + 3] as number;
    }
  }
  return pixels;
}
