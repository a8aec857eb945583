import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { usualOverlap, windowCount, windowRanges } from "../../../src/samples/windowPlan.ts";

const plans = fc
  .tuple(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 600 }))
  .chain(([count, room]) => fc.tuple(fc.constant(count), fc.constant(room), fc.integer({ min: 0, max: room - 1 })));

test("every token is in a window, every window is full, and neighbours share what was asked for", () => {
  fc.assert(
    fc.property(plans, ([count, room, overlap]) => {
      const ranges = windowRanges(count, room, overlap);
      assert.equal(ranges.length, windowCount(count, room, overlap));
      const [first] = ranges;
      assert.equal(first?.from, 0);
      assert.equal(ranges.at(-1)?.to, count);
      for (const [at, { from, to }] of ranges.entries()) {
        assert.equal(to - from, Math.min(count, room));
        const before = ranges[at - 1];
        if (before === undefined) continue;
        assert(from > before.from, "no window stands still");
        const shared = before.to - from;
        if (at < ranges.length - 1) assert.equal(shared, overlap);
        else assert(shared >= overlap && shared < room);
      }
      // One window less would not reach the end.
      if (ranges.length > 1) assert((ranges.length - 2) * (room - overlap) + room < count);
    }),
    { numRuns: 2000 },
  );
});

test("a text that fits is one window, and a quarter is shared unless told", () => {
  assert.deepEqual(windowRanges(512, 512, 128), [{ from: 0, to: 512 }]);
  assert.deepEqual(windowRanges(3, 512, 0), [{ from: 0, to: 3 }]);
  assert.deepEqual([510, 7, 3, 1].map(usualOverlap), [127, 1, 0, 0]);
});
