import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { isUncertain, percentile, poolCells, rankByStrength, scaleLimit } from "../../../src/common/mapLayout.ts";

const pictures = fc
  .record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 40 }),
    grain: fc.integer({ min: 1, max: 50 }),
  })
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      // Multiples of 2^-10: their sums are exact in float64, so nothing but exactness can pass.
      values: fc.array(
        fc.integer({ min: -(2 ** 20), max: 2 ** 20 }).map((n) => n / 1024),
        {
          minLength: size.width * size.height,
          maxLength: size.width * size.height,
        },
      ),
    }),
  );

test("cells sum exactly at every grain, also where the edge cells are smaller", () => {
  fc.assert(
    fc.property(pictures, ({ size, values }) => {
      const grid = poolCells(Float32Array.from(values), size.height, size.width, size.grain);
      const pixels = Float32Array.from(values).reduce((sum, value) => sum + value, 0);
      assert.equal(grid.columns, Math.ceil(size.width / size.grain));
      assert.equal(grid.rows, Math.ceil(size.height / size.grain));
      assert.equal(
        grid.values.reduce((sum, value) => sum + value, 0),
        pixels,
      );
    }),
    { seed: 3, numRuns: 200 },
  );
});

test("each pixel goes to the cell that covers it", () => {
  const values = Float32Array.from({ length: 5 * 3 }, (_, index) => 2 ** index);
  const grid = poolCells(values, 3, 5, 2);
  assert.deepEqual([grid.columns, grid.rows], [3, 2]);
  // Row 0: bits 0 1 | 2 3 | 4; row 1: 5 6 | 7 8 | 9; row 2: 10 11 | 12 13 | 14.
  assert.deepEqual([...grid.values], [1 + 2 + 32 + 64, 4 + 8 + 128 + 256, 16 + 512, 1024 + 2048, 4096 + 8192, 16384]);
});

test("the scale is the 99th percentile of the strength, the largest where most are zero", () => {
  const ramp = Float64Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? 1 : -1) * index);
  assert.equal(scaleLimit(ramp), 990);
  assert.equal(percentile(ramp, 0.5), 500);
  const sparse = new Float64Array(1000);
  sparse[17] = -4;
  assert.equal(scaleLimit(sparse), 4);
  assert.equal(scaleLimit(new Float64Array(9)), 0);
  assert.equal(scaleLimit([]), 0);
});

test("ranks go by strength, ties in reading order, and undo the order", () => {
  const { order, rankOf } = rankByStrength([0.5, -2, 0.5, 3, 0]);
  assert.deepEqual([...order], [3, 1, 0, 2, 4]);
  assert.deepEqual([...rankOf], [3, 2, 4, 1, 5]);
});

test("hatched: smaller than its error, and the error matters on this scale", () => {
  assert.equal(isUncertain(0.1, 0.2, 1), true);
  assert.equal(isUncertain(-0.1, 0.2, 1), true);
  assert.equal(isUncertain(0.3, 0.2, 1), false);
  assert.equal(isUncertain(0.01, 0.02, 1), false);
});
