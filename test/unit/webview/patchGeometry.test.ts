import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  contains,
  isEmpty,
  moved,
  nextName,
  rectangleBetween,
  resized,
  simplified,
  toModel,
  withPatch,
} from "../../../webview-ui/layers/patchGeometry.ts";

const whole = { width: 224, height: 112, crop: { x: 0, y: 0, width: 448, height: 224 } };
/** The model saw the middle of the picture only. */
const cropped = { width: 48, height: 48, crop: { x: 96, y: 40, width: 320, height: 320 } };
/** What the model saw reaches outside of the picture. */
const padded = { width: 100, height: 100, crop: { x: -50, y: 0, width: 300, height: 300 } };

test("a point of the original goes to the pixel that the model made of it", () => {
  assert.deepEqual(toModel(whole, { x: 224, y: 112 }), { x: 112, y: 56 });
  assert.deepEqual(toModel(cropped, { x: 96 + 160, y: 40 + 80 }), { x: 24, y: 12 });
  // Outside of what it saw: the nearest that it did.
  assert.deepEqual(toModel(cropped, { x: 10, y: 500 }), { x: 0, y: 48 });
  // Left of the original there is padding, which the model saw.
  assert.deepEqual(toModel(padded, { x: -50, y: 150 }), { x: 0, y: 50 });
  assert.deepEqual(toModel(padded, { x: 100, y: 0 }), { x: 50, y: 0 });
});

const point = fc.record({
  x: fc.double({ min: 0, max: 224, noNaN: true }),
  y: fc.double({ min: 0, max: 112, noNaN: true }),
});
const by = fc.record({ x: fc.integer({ min: -300, max: 300 }), y: fc.integer({ min: -300, max: 300 }) });

function isProper(region: { x0: number; y0: number; x1: number; y1: number }): void {
  for (const value of [region.x0, region.y0, region.x1, region.y1]) assert.ok(Number.isInteger(value), String(value));
  assert.ok(region.x0 >= 0 && region.x1 <= 224 && region.x0 < region.x1, JSON.stringify(region));
  assert.ok(region.y0 >= 0 && region.y1 <= 112 && region.y0 < region.y1, JSON.stringify(region));
}

test("whatever is dragged, moved and resized: whole pixels inside the picture, and at least one", () => {
  fc.assert(
    fc.property(
      point,
      point,
      by,
      by,
      fc.constantFrom(-1, 0, 1),
      fc.constantFrom(-1, 0, 1),
      (a, b, step, grow, x, y) => {
        const drawn = rectangleBetween(a, b, whole);
        isProper(drawn);
        // The pixels that both ends lie in belong to it.
        for (const { x: px, y: py } of [a, b]) {
          assert.ok(contains(drawn, { x: Math.min(223, Math.floor(px)), y: Math.min(111, Math.floor(py)) }));
        }
        const there = moved(drawn, step, whole);
        isProper(there);
        assert.equal(there.x1 - there.x0, drawn.x1 - drawn.x0);
        assert.equal(there.y1 - there.y0, drawn.y1 - drawn.y0);
        const larger = resized(there, { x: x as -1 | 0 | 1, y: y as -1 | 0 | 1 }, grow, whole);
        isProper(larger);
        if (x >= 0) assert.equal(larger.x0, there.x0);
        if (x <= 0) assert.equal(larger.x1, there.x1);
        if (y >= 0) assert.equal(larger.y0, there.y0);
        if (y <= 0) assert.equal(larger.y1, there.y1);
      },
    ),
  );
});

test("a lasso holds the pixels whose centre it goes round, and may hold none", () => {
  const points = [
    { x: 10, y: 10 },
    { x: 20, y: 10 },
    { x: 10, y: 20 },
  ];
  const triangle = { kind: "polygon" as const, points };
  assert.ok(contains(triangle, { x: 11.5, y: 11.5 }));
  assert.ok(!contains(triangle, { x: 19.5, y: 19.5 }));
  // Two rounds over one place take it out again: the even–odd rule.
  const twice = { kind: "polygon" as const, points: [...points, ...points] };
  assert.ok(!contains(twice, { x: 11.5, y: 11.5 }));
  assert.ok(!isEmpty(triangle, whole));
  const between = [
    { x: 10.6, y: 10.6 },
    { x: 10.9, y: 10.6 },
    { x: 10.8, y: 10.9 },
  ];
  assert.ok(isEmpty({ kind: "polygon", points: between }, whole));
  assert.equal(simplified([...points, { x: 10.2, y: 20.1 }], 1).length, 3);
  const far = moved(triangle, { x: 1000, y: -1000 }, whole);
  assert.equal(Math.max(...far.points.map(({ x }) => x)), 224);
  assert.equal(Math.min(...far.points.map(({ y }) => y)), 0);
});

test("patches have the first free letter, and stand in the order of their names", () => {
  const region = rectangleBetween({ x: 0, y: 0 }, { x: 9, y: 9 }, whole);
  const b = withPatch([], { name: "B", region });
  assert.equal(nextName(b), "A");
  const both = withPatch(b, { name: "A", region });
  assert.deepEqual(
    both.map(({ name }) => name),
    ["A", "B"],
  );
  assert.equal(nextName(both), "C");
  assert.equal(withPatch(both, { name: "A", region: { ...region, x1: 3 } }).length, 2);
});
