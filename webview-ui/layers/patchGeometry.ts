import type { Crop } from "../../src/protocol/explanation.ts";
import type { Patch, Region } from "../../src/protocol/neurons.ts";

/** Patches on a picture, in pixels of the picture as the model sees it. */

export type Rectangle = Extract<Region, { kind: "rectangle" }>;
export type Polygon = Extract<Region, { kind: "polygon" }>;
export type PictureRegion = Rectangle | Polygon;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The picture that is marked: its size, and where it lies in the original. */
export interface MarkedPicture {
  readonly width: number;
  readonly height: number;
  readonly crop: Crop;
}

/** A point of the original in pixels of the model's picture, not rounded; outside of it the nearest one inside. */
export function toModel({ width, height, crop }: MarkedPicture, { x, y }: Point): Point {
  return {
    x: clamp(((x - crop.x) / crop.width) * width, 0, width),
    y: clamp(((y - crop.y) / crop.height) * height, 0, height),
  };
}

/** The pixels that a rectangle between two points touches; at least one. */
export function rectangleBetween(a: Point, b: Point, { width, height }: MarkedPicture, input?: string): Rectangle {
  const side = (from: number, to: number, size: number): [number, number] => {
    const low = clamp(Math.floor(Math.min(from, to)), 0, size - 1);
    return [low, clamp(Math.ceil(Math.max(from, to)), low + 1, size)];
  };
  const [x0, x1] = side(a.x, b.x, width);
  const [y0, y1] = side(a.y, b.y, height);
  return { kind: "rectangle", ...(input === undefined ? {} : { input }), y0, x0, y1, x1 };
}

export function boundsOf(region: PictureRegion): { x0: number; y0: number; x1: number; y1: number } {
  if (region.kind === "rectangle") return region;
  const xs = region.points.map(({ x }) => x);
  const ys = region.points.map(({ y }) => y);
  return { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) };
}

/** Moved by so many pixels, as far as the picture goes. */
export function moved<R extends PictureRegion>(region: R, by: Point, { width, height }: MarkedPicture): R {
  const { x0, y0, x1, y1 } = boundsOf(region);
  const dx = clamp(by.x, -x0, width - x1);
  const dy = clamp(by.y, -y0, height - y1);
  if (region.kind === "polygon") {
    return { ...region, points: region.points.map(({ x, y }) => ({ x: x + dx, y: y + dy })) };
  }
  const [column, row] = [Math.round(dx), Math.round(dy)];
  return { ...region, x0: x0 + column, x1: x1 + column, y0: y0 + row, y1: y1 + row };
}

/** Which sides a handle takes along: −1 left or top, +1 right or bottom, 0 neither. */
export interface Handle {
  readonly x: -1 | 0 | 1;
  readonly y: -1 | 0 | 1;
}

export const handles: readonly Handle[] = [
  { x: -1, y: -1 },
  { x: 0, y: -1 },
  { x: 1, y: -1 },
  { x: -1, y: 0 },
  { x: 1, y: 0 },
  { x: -1, y: 1 },
  { x: 0, y: 1 },
  { x: 1, y: 1 },
];

/** With some of its sides moved; at least a pixel is left. */
export function resized(region: Rectangle, handle: Handle, by: Point, { width, height }: MarkedPicture): Rectangle {
  const side = (low: number, high: number, which: number, change: number, size: number): [number, number] => {
    if (which < 0) return [clamp(Math.round(low + change), 0, high - 1), high];
    if (which > 0) return [low, clamp(Math.round(high + change), low + 1, size)];
    return [low, high];
  };
  const [x0, x1] = side(region.x0, region.x1, handle.x, by.x, width);
  const [y0, y1] = side(region.y0, region.y1, handle.y, by.y, height);
  return { ...region, x0, x1, y0, y1 };
}

/** A quarter of the picture's sides, in its middle. */
export function firstRectangle({ width, height }: MarkedPicture, input?: string): Rectangle {
  const w = Math.max(1, Math.round(width / 4));
  const h = Math.max(1, Math.round(height / 4));
  const x0 = Math.floor((width - w) / 2);
  const y0 = Math.floor((height - h) / 2);
  return { kind: "rectangle", ...(input === undefined ? {} : { input }), y0, x0, y1: y0 + h, x1: x0 + w };
}

/** How far one press of an arrow goes. */
export function arrowStep({ width, height }: MarkedPicture): number {
  return Math.max(1, Math.round(Math.min(width, height) / 28));
}

/** The line of a lasso with fewer points: those that are nearer than `apart` to the one before are left out. */
export function simplified(points: readonly Point[], apart: number): readonly Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    if (last === undefined || Math.hypot(point.x - last.x, point.y - last.y) >= apart) kept.push(point);
  }
  return kept;
}

/** Whether a point lies inside, by the even–odd rule. */
export function contains(region: PictureRegion, { x, y }: Point): boolean {
  if (region.kind === "rectangle") return x >= region.x0 && x < region.x1 && y >= region.y0 && y < region.y1;
  let inside = false;
  region.points.forEach((a, at) => {
    const b = region.points[(at + 1) % region.points.length] as Point;
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
  });
  return inside;
}

/** Whether any pixel has its centre inside: a lasso may lie between them. */
export function isEmpty(region: PictureRegion, { width, height }: MarkedPicture): boolean {
  if (region.kind === "rectangle") return false;
  const { x0, y0, x1, y1 } = boundsOf(region);
  for (let y = Math.max(0, Math.floor(y0)); y < Math.min(height, Math.ceil(y1)); y++) {
    for (let x = Math.max(0, Math.floor(x0)); x < Math.min(width, Math.ceil(x1)); x++) {
      if (contains(region, { x: x + 0.5, y: y + 0.5 })) return false;
    }
  }
  return true;
}

/** The first letter that no patch has. */
export function nextName(patches: readonly Patch[]): string {
  const taken = new Set(patches.map(({ name }) => name));
  return [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((letter) => !taken.has(letter)) ?? "A";
}

/** The same patches with this one set or replaced; in the order of their names. */
export function withPatch(patches: readonly Patch[], patch: Patch): Patch[] {
  return [...patches.filter(({ name }) => name !== patch.name), patch].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
