import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { fromPortable, toPortable } from "../../../src/protocol/portable.ts";

function roundTrip(value: unknown): unknown {
  return fromPortable(JSON.parse(JSON.stringify(toPortable(value))));
}

test("typed arrays come back bit for bit", () => {
  fc.assert(
    fc.property(fc.float32Array(), fc.float64Array(), fc.uint8Array(), (f32, f64, u8) => {
      assert.deepEqual(roundTrip({ f32, nested: [{ f64 }], u8 }), { f32, nested: [{ f64 }], u8 });
    }),
    { seed: 5, numRuns: 100 },
  );
});

test("a view into a larger buffer is written alone, and large ones do not overflow", () => {
  const buffer = new Float32Array([1, 2, 3, 4]);
  assert.deepEqual(roundTrip(buffer.subarray(1, 3)), new Float32Array([2, 3]));
  const large = Float32Array.from({ length: 300_000 }, (_, index) => Math.sin(index));
  assert.deepEqual(roundTrip(large), large);
});

test("numbers that JSON cannot hold, null, and fields that are undefined", () => {
  assert.deepEqual(roundTrip({ a: Number.NaN, b: Number.POSITIVE_INFINITY, c: null, d: undefined, e: -0.5 }), {
    a: Number.NaN,
    b: Number.POSITIVE_INFINITY,
    c: null,
    e: -0.5,
  });
});

test("the bytes are little endian float32, as documented", () => {
  assert.deepEqual(toPortable(new Float32Array([1])), { $f32: Buffer.from([0, 0, 0x80, 0x3f]).toString("base64") });
});

test("what has no meaning in a file is refused", () => {
  assert.throws(() => toPortable({ call: () => 1 }), /function cannot be written/);
});
