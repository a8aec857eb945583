import assert from "node:assert/strict";
import test from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import {
  defaultImageGrain,
  identityGrain,
  imageGrain,
  joinGrains,
  positionGrain,
  sumByCell,
} from "../../../src/engine/grain.ts";

test("cells of an image are summed over channels in both layouts, with ragged edges", () => {
  const size = { height: 3, width: 5, channels: 2 };
  const last = imageGrain({ ...size, layout: "channels-last" }, 2);
  assert.equal(last.cellCount, 6);
  // Pixel (y 2, x 4), channel 1 lies in the last cell; pixel (1, 2) in the second.
  assert.equal(last.cellOf[(2 * 5 + 4) * 2 + 1], 5);
  assert.equal(last.cellOf[(1 * 5 + 2) * 2], 1);
  assert.deepEqual([...sumByCell(last, new Float32Array(30).fill(1))], [8, 8, 4, 4, 4, 2]);
  const first = imageGrain({ ...size, layout: "channels-first" }, 2);
  assert.equal(first.cellOf[15 + 2 * 5 + 4], 5);
  assert.deepEqual([...sumByCell(first, new Float32Array(30).fill(1))], [8, 8, 4, 4, 4, 2]);
});

test("a grain below one pixel is a usage error", () => {
  const size = { height: 3, width: 5, channels: 2, layout: "channels-last" } as const;
  for (const pixels of [0, -2, 1.5, Number.NaN]) {
    assert.throws(
      () => imageGrain(size, pixels),
      (error) => error instanceof PathlightError && error.code === "usage",
    );
  }
});

test("positions sum over their embedding, and grains join one after the other", () => {
  const joined = joinGrains([positionGrain(2, 3), identityGrain(2)]);
  assert.equal(joined.cellCount, 4);
  assert.deepEqual([...joined.cellOf], [0, 0, 0, 1, 1, 1, 2, 3]);
});

test("the default grain is 8 above 64 pixels", () => {
  assert.equal(defaultImageGrain(64, 64), 1);
  assert.equal(defaultImageGrain(48, 65), 8);
});
