import { cssColor } from "../../src/common/colorScale.ts";
import { type CellGrid, isUncertain } from "../../src/common/mapLayout.ts";
import { overlayPixels, type SignFilter } from "../../src/common/overlay.ts";
import type { ImageAttribution } from "../../src/protocol/explanation.ts";
import type { Picture } from "../model/picture.ts";
import type { Theme } from "../model/theme.ts";
import type { ViewState } from "../model/viewState.ts";
import { clamp, frameOf, originalRect, type Rect, visiblePart, type Zoom } from "./frame.ts";

interface PaintedMap {
  readonly attribution: ImageAttribution;
  readonly grid: CellGrid;
  readonly limit: number;
  /** Errors of the cells of the grid, for hatching. */
  readonly errors: Float32Array | null;
}

type PaintStyle = Pick<ViewState, "sign" | "opacity" | "threshold" | "colorMap" | "photo" | "hatching">;

/** Most pixels a side that the map is interpolated on. */
const MOST = 2048;

interface CachedOverlay {
  readonly key: string;
  readonly canvas: OffscreenCanvas;
}
const overlays = new WeakMap<CellGrid, CachedOverlay>();

/**
 * The map alone over `part` (pixels of the model's picture), transparent where it is faint. As fine as the canvas that it
 * is drawn on, and never coarser than the cells, so that none is skipped.
 */
function overlay(map: PaintedMap, part: Rect, drawn: Rect, style: PaintStyle, theme: Theme): OffscreenCanvas {
  const { grain } = map.grid;
  const side = (canvas: number, pixels: number): number =>
    Math.max(1, Math.min(MOST, Math.round(Math.max(canvas, pixels / grain))));
  const out = { width: side(drawn.width, part.width), height: side(drawn.height, part.height) };
  const { sign, opacity, threshold, colorMap } = style;
  const key = JSON.stringify([map.limit, sign, opacity, threshold, colorMap, theme.kind, theme.background, part, out]);
  const known = overlays.get(map.grid);
  if (known?.key === key) return known.canvas;
  const scale = theme.scale(colorMap);
  const pixels = overlayPixels(map.grid, part, out, { scale, limit: map.limit, sign, threshold, opacity });
  const canvas = new OffscreenCanvas(out.width, out.height);
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, out.width, out.height), 0, 0);
  overlays.set(map.grid, { key, canvas });
  return canvas;
}

/** The part of the model's picture that is seen, in its own pixels; null where none is. */
function seenPart(attribution: ImageAttribution, seen: Rect): Rect | null {
  const { crop, width, height } = attribution;
  const left = clamp(((seen.x - crop.x) / crop.width) * width, 0, width);
  const right = clamp(((seen.x + seen.width - crop.x) / crop.width) * width, 0, width);
  const top = clamp(((seen.y - crop.y) / crop.height) * height, 0, height);
  const bottom = clamp(((seen.y + seen.height - crop.y) / crop.height) * height, 0, height);
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/** Paints picture, map and hatching into `size`, showing the part of the frame that `zoom` says. */
export function paintMap(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  size: { readonly width: number; readonly height: number },
  map: PaintedMap,
  picture: Picture | null,
  style: PaintStyle,
  theme: Theme,
  zoom: Zoom,
): void {
  const { attribution } = map;
  const seen = visiblePart(frameOf(attribution), zoom);
  const kx = size.width / seen.width;
  const ky = size.height / seen.height;
  const place = (rect: Rect): [number, number, number, number] => [
    (rect.x - seen.x) * kx,
    (rect.y - seen.y) * ky,
    rect.width * kx,
    rect.height * ky,
  ];
  context.save();
  context.globalAlpha = 1;
  context.fillStyle = cssColor(theme.background);
  context.fillRect(0, 0, size.width, size.height);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  if (style.photo && picture !== null) {
    context.filter = theme.kind === "light" ? "grayscale(1) contrast(0.9)" : "grayscale(1) contrast(0.95)";
    context.globalAlpha = theme.kind === "light" ? 0.5 : 0.42;
    const { width, height } = attribution.original;
    context.drawImage(picture.bitmap, ...place({ x: 0, y: 0, width, height }));
    context.filter = "none";
    context.globalAlpha = 1;
  }
  darkenUnseen(context, size, place(attribution.crop), theme);
  const part = seenPart(attribution, seen);
  if (part !== null) {
    const [x, y, width, height] = place(originalRect(attribution, part));
    context.drawImage(overlay(map, part, { x, y, width, height }, style, theme), x, y, width, height);
  }
  if (style.hatching && map.errors !== null) hatch(context, size, map, map.errors, style.sign, theme, place);
  context.restore();
}

/** What the model did not see is darkened (on light themes: paled), so that nobody reads "no attribution" there. */
function darkenUnseen(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  size: { readonly width: number; readonly height: number },
  crop: readonly [number, number, number, number],
  theme: Theme,
): void {
  const [x, y, width, height] = crop;
  const visible = x <= 0.5 && y <= 0.5 && x + width >= size.width - 0.5 && y + height >= size.height - 0.5;
  if (visible) return;
  context.save();
  context.beginPath();
  context.rect(0, 0, size.width, size.height);
  context.rect(x, y, width, height);
  context.fillStyle = cssColor(theme.background);
  context.globalAlpha = 0.72;
  context.fill("evenodd");
  context.globalAlpha = 0.8;
  context.strokeStyle = cssColor(theme.dim);
  context.lineWidth = 1;
  context.setLineDash([4, 3]);
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  context.restore();
}

function hatch(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  size: { readonly width: number; readonly height: number },
  map: PaintedMap,
  errors: Float32Array,
  sign: SignFilter,
  theme: Theme,
  place: (rect: Rect) => [number, number, number, number],
): void {
  const { grid, attribution, limit } = map;
  context.save();
  context.beginPath();
  let any = false;
  for (let index = 0; index < grid.values.length; index++) {
    const value = grid.values[index] as number;
    if (!isUncertain(value, errors[index] as number, limit)) continue;
    if ((sign === "for" && value < 0) || (sign === "against" && value > 0)) continue;
    any = true;
    const column = index % grid.columns;
    const row = Math.floor(index / grid.columns);
    const cell = { x: column * grid.grain, y: row * grid.grain, width: grid.grain, height: grid.grain };
    cell.width = Math.min(cell.width, attribution.width - cell.x);
    cell.height = Math.min(cell.height, attribution.height - cell.y);
    context.rect(...place(originalRect(attribution, cell)));
  }
  if (any) {
    context.clip();
    const [left, top, width, height] = place(attribution.crop);
    const step = Math.max(4, Math.max(width, height) / 56);
    const alpha = theme.kind === "high-contrast" ? 0.7 : 0.42;
    context.strokeStyle = theme.kind === "light" ? `rgba(0, 0, 0, ${alpha})` : `rgba(255, 255, 255, ${alpha})`;
    context.lineWidth = Math.max(1, step / 7);
    context.beginPath();
    // 45° lines through the whole picture; only those that cross what is seen.
    for (let d = -height; d < width; d += step) {
      if (left + d + height < 0 || left + d > size.width + height) continue;
      context.moveTo(left + d, top + height);
      context.lineTo(left + d + height, top);
    }
    context.stroke();
  }
  context.restore();
}
