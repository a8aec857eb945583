import assert from "node:assert/strict";
import test from "node:test";
import { colorScale } from "../../../src/common/colorScale.ts";
import { poolCells } from "../../../src/common/mapLayout.ts";
import { filtered, type OverlayStyle, overlayAlpha, overlayPixels } from "../../../src/common/overlay.ts";

const scale = colorScale("pathlight", "dark");
const style: OverlayStyle = { scale, limit: 1, sign: "signed", threshold: 0.1, opacity: 1 };
/** Two cells of 4 pixels side by side: against on the left, for on the right. */
const grid = poolCells(
  Float32Array.from({ length: 4 * 8 }, (_, index) => (index % 8 < 4 ? -1 : 1) / 16),
  4,
  8,
  4,
);
const size = { x: 0, y: 0, width: 8, height: 4 };

function pixel(pixels: Uint8ClampedArray, x: number, y = 2): number[] {
  return [...pixels.slice((y * 8 + x) * 4, (y * 8 + x) * 4 + 4)];
}

test("colour says the sign, and cell centres have the value of the cell", () => {
  const pixels = overlayPixels(grid, size, size, style);
  const left = pixel(pixels, 0);
  const right = pixel(pixels, 7);
  assert.deepEqual(left, [...scale.at(-1).map(Math.round), 255]);
  assert.deepEqual(right, [...scale.at(1).map(Math.round), 255]);
});

test("bilinear between the centres: the border of opposite cells is empty", () => {
  const pixels = overlayPixels(grid, size, { width: 80, height: 40 }, style);
  const alpha = (x: number): number => pixels[(20 * 80 + x) * 4 + 3] as number;
  assert.equal(alpha(40), 0);
  assert.ok(alpha(25) > 0 && alpha(55) > 0);
});

test("the threshold hides, and hides more when it is raised", () => {
  assert.equal(overlayAlpha(0.09, 0.1), 0);
  assert.ok(overlayAlpha(0.11, 0.1) > 0.15);
  assert.equal(overlayAlpha(0, 0), 0);
  assert.equal(overlayAlpha(1, 0), 1);
  const count = (threshold: number): number => {
    const pixels = overlayPixels(grid, size, { width: 80, height: 40 }, { ...style, threshold });
    return pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
  };
  assert.ok(count(0) > count(0.3) && count(0.3) > count(0.6));
});

test("sign filters", () => {
  assert.deepEqual(
    [filtered(-2, "signed"), filtered(-2, "for"), filtered(-2, "against"), filtered(-2, "strength")],
    [-2, 0, -2, 2],
  );
  const against = overlayPixels(grid, size, size, { ...style, sign: "against" });
  assert.equal(pixel(against, 7)[3], 0);
  assert.equal(pixel(against, 0)[3], 255);
});

test("a map of zeros is empty, not full", () => {
  const empty = poolCells(new Float32Array(32), 4, 8, 4);
  assert.ok(overlayPixels(empty, size, size, { ...style, limit: 0 }).every((value) => value === 0));
});

test("a part of the picture is painted as the same part of the whole", () => {
  const whole = overlayPixels(grid, size, { width: 80, height: 40 }, style);
  const right = overlayPixels(grid, { x: 4, y: 0, width: 4, height: 4 }, { width: 40, height: 40 }, style);
  for (let y = 0; y < 40; y += 7) {
    assert.deepEqual([...right.slice(y * 160, (y + 1) * 160)], [...whole.slice(y * 320 + 160, (y + 1) * 320)]);
  }
});
