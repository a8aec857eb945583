import type { ImageAttribution } from "../../src/protocol/explanation.ts";

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * What a canvas shows, in pixels of the original: the original and all that the model saw, which for fit `pad` reaches
 * outside of it. The map is drawn back onto this.
 */
export function frameOf(attribution: Pick<ImageAttribution, "crop" | "original">): Rect {
  const { crop, original } = attribution;
  const x = Math.min(0, crop.x);
  const y = Math.min(0, crop.y);
  return {
    x,
    y,
    width: Math.max(original.width, crop.x + crop.width) - x,
    height: Math.max(original.height, crop.y + crop.height) - y,
  };
}

export interface Zoom {
  readonly scale: number;
  /** Centre, in fractions of the frame. */
  readonly x: number;
  readonly y: number;
}

/** The part of the frame that is seen, in pixels of the original. */
export function visiblePart(frame: Rect, zoom: Zoom): Rect {
  const width = frame.width / zoom.scale;
  const height = frame.height / zoom.scale;
  return {
    x: frame.x + clamp(zoom.x * frame.width - width / 2, 0, frame.width - width),
    y: frame.y + clamp(zoom.y * frame.height - height / 2, 0, frame.height - height),
    width,
    height,
  };
}

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** Zooms by `factor` so that the point at fractions (u, v) of what is seen stays where it is. */
export function zoomAbout(frame: Rect, zoom: Zoom, factor: number, u: number, v: number): Zoom {
  const scale = clamp(zoom.scale * factor, 1, 32);
  const seen = visiblePart(frame, zoom);
  const pointX = seen.x + u * seen.width - frame.x;
  const pointY = seen.y + v * seen.height - frame.y;
  return centred(frame, scale, pointX - (u - 0.5) * (frame.width / scale), pointY - (v - 0.5) * (frame.height / scale));
}

/** `x`, `y`: centre in pixels of the original from the corner of the frame; kept inside. */
export function centred(frame: Rect, scale: number, x: number, y: number): Zoom {
  const half = 0.5 / scale;
  return {
    scale,
    x: clamp(x / frame.width, half, 1 - half),
    y: clamp(y / frame.height, half, 1 - half),
  };
}

/** The pixel of the model's picture at a point of the original, or null outside of what the model saw. */
export function modelPixel(attribution: ImageAttribution, x: number, y: number): { x: number; y: number } | null {
  const { crop, width, height } = attribution;
  const px = Math.floor(((x - crop.x) / crop.width) * width);
  const py = Math.floor(((y - crop.y) / crop.height) * height);
  return px < 0 || py < 0 || px >= width || py >= height ? null : { x: px, y: py };
}

/** Where a rectangle of the model's picture lies in the original. */
export function originalRect(attribution: ImageAttribution, rect: Rect): Rect {
  const { crop, width, height } = attribution;
  const kx = crop.width / width;
  const ky = crop.height / height;
  return { x: crop.x + rect.x * kx, y: crop.y + rect.y * ky, width: rect.width * kx, height: rect.height * ky };
}
