import type { Chance } from "./chance.ts";
import type { DigitImage } from "./digitImages.ts";
import { blankRaster, paint, paintLine, paintSpot, type Raster, sampleBicubic } from "./raster.ts";

export const SCENE_SIDE = 48;

/** Where a digit stands in the picture, in pixels; `x`, `y` is the upper left corner. */
export interface DigitBox {
  readonly digit: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Scene {
  /** 48 × 48 grey levels, 0–255, row by row. */
  readonly grey: Uint8Array;
  readonly boxes: readonly DigitBox[];
}

/** A digit enlarged, slanted and turned a little, cut to its ink; `ink` is coverage in [0, 1]. */
interface EnlargedDigit {
  readonly width: number;
  readonly height: number;
  readonly ink: Float64Array;
}

/** Least free room between two digits, in pixels. */
const GAP = 2;

/** One picture with one to three digits, no two of them overlapping, over a cluttered ground. */
export function composeScene(images: readonly DigitImage[], chance: Chance): Scene {
  const raster = ground(chance);
  const boxes: DigitBox[] = [];
  const wanted = chance.integer(1, 3);
  for (let tries = 0; boxes.length < wanted && tries < 60; tries++) {
    const image = chance.pick(images);
    const digit = enlarge(image, chance.uniform(wanted === 3 ? 16 : 18, wanted === 3 ? 21 : 25), chance);
    const box = {
      digit: image.digit,
      x: chance.integer(1, SCENE_SIDE - digit.width - 1),
      y: chance.integer(1, SCENE_SIDE - digit.height - 1),
      width: digit.width,
      height: digit.height,
    };
    if (boxes.some((other) => overlaps(box, other))) continue;
    const brightness = chance.uniform(0.78, 1);
    digit.ink.forEach((alpha, at) => {
      paint(raster, box.x + (at % box.width), box.y + Math.floor(at / box.width), brightness, alpha);
    });
    boxes.push(box);
  }
  const grey = Uint8Array.from(raster.values, (value) => Math.round(255 * clamp(value + 0.025 * chance.normal())));
  return { grey, boxes: boxes.sort((a, b) => a.x - b.x) };
}

/** The picture as the model's input: grey level / 255. */
export function sceneInput(scene: Scene): Float32Array {
  return Float32Array.from(scene.grey, (level) => level / 255);
}

/** Ten values, 1 where the digit is in the picture. */
export function scenePresence(scene: Scene): Float32Array {
  const present = new Float32Array(10);
  for (const box of scene.boxes) present[box.digit] = 1;
  return present;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function overlaps(a: DigitBox, b: DigitBox): boolean {
  return (
    a.x < b.x + b.width + GAP && b.x < a.x + a.width + GAP && a.y < b.y + b.height + GAP && b.y < a.y + a.height + GAP
  );
}

/**
 * Bicubic enlargement to about `size` pixels of height with a turn of up to 9° and a slant. The contrast curve after it
 * turns the blur between 8 × 8 pen counts into the edge of a stroke, which keeps the digit legible.
 */
function enlarge(image: DigitImage, size: number, chance: Chance): EnlargedDigit {
  const side = Math.ceil(size * 1.35);
  const angle = chance.uniform(-0.16, 0.16);
  const slant = chance.uniform(-0.12, 0.12);
  const stretch = chance.uniform(0.9, 1.12);
  const scale = 8 / size;
  const ink = new Float64Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const dx = (x + 0.5 - side / 2) * scale;
      const dy = (y + 0.5 - side / 2) * scale;
      const turnedX = (Math.cos(angle) * dx + Math.sin(angle) * dy) / stretch;
      const turnedY = Math.cos(angle) * dy - Math.sin(angle) * dx;
      const value = sampleBicubic(image.pixels, 8, turnedX + slant * turnedY + 3.5, turnedY + 3.5);
      const t = clamp((value - 0.3) / 0.5);
      ink[y * side + x] = t * t * (3 - 2 * t);
    }
  }
  return cutToInk(ink, side);
}

function cutToInk(ink: Float64Array, side: number): EnlargedDigit {
  let [left, top, right, bottom] = [side, side, 0, 0];
  ink.forEach((alpha, at) => {
    if (alpha < 0.1) return;
    left = Math.min(left, at % side);
    right = Math.max(right, (at % side) + 1);
    top = Math.min(top, Math.floor(at / side));
    bottom = Math.max(bottom, Math.floor(at / side) + 1);
  });
  const [width, height] = [right - left, bottom - top];
  const cut = new Float64Array(width * height);
  for (let at = 0; at < cut.length; at++) {
    cut[at] = ink[(top + Math.floor(at / width)) * side + left + (at % width)] ?? 0;
  }
  return { width, height, ink: cut };
}

/**
 * Dark ground with a slope of brightness, and clutter that is no digit: thin lines from edge to edge, soft spots and
 * small filled dots. Nothing in it is as bright and as thick as a pen stroke.
 */
function ground(chance: Chance): Raster {
  const raster = blankRaster(SCENE_SIDE);
  const level = chance.uniform(0.05, 0.16);
  const [slopeX, slopeY] = [chance.uniform(-0.1, 0.1), chance.uniform(-0.1, 0.1)];
  raster.values.forEach((_, at) => {
    const [x, y] = [(at % SCENE_SIDE) / SCENE_SIDE - 0.5, Math.floor(at / SCENE_SIDE) / SCENE_SIDE - 0.5];
    raster.values[at] = level + slopeX * x + slopeY * y;
  });
  const anywhere = (): [number, number] => [chance.uniform(0, SCENE_SIDE), chance.uniform(0, SCENE_SIDE)];
  for (let count = chance.integer(1, 3); count > 0; count--) {
    paintSpot(raster, anywhere(), chance.uniform(4, 10), chance.uniform(5, 9), chance.uniform(0.15, 0.32));
  }
  for (let count = chance.integer(2, 4); count > 0; count--) {
    const angle = chance.uniform(0, Math.PI);
    const [x, y] = anywhere();
    const [dx, dy] = [Math.cos(angle) * 70, Math.sin(angle) * 70];
    paintLine(raster, [x - dx, y - dy], [x + dx, y + dy], chance.uniform(0.8, 1.5), chance.uniform(0.25, 0.5));
  }
  for (let count = chance.integer(2, 6); count > 0; count--) {
    paintSpot(raster, anywhere(), chance.uniform(0.7, 2), 1, chance.uniform(0.3, 0.7));
  }
  return raster;
}
