import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { npyBytes, parseNpy, readNpy, writeNpy } from "../../../src/samples/index.ts";
import { tensorFromNpy } from "../../../src/samples/tensorSample.ts";
import { fails, fixtures, folder, write } from "./support.ts";

const numpy = (name: string) => join(fixtures, "npy", `${name}.npy`);
const counting = Array.from({ length: 24 }, (_, index) => index);

// The fixtures were written by numpy 2.4: numpy.arange(24).reshape(2, 3, 4) in each type, floats plus 0.5.
for (const type of ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]) {
  test(`npy: reads ${type} that numpy wrote`, async () => {
    const array = await readNpy(numpy(type));
    assert.deepEqual(array, { shape: [2, 3, 4], dtype: type, data: Int32Array.from(counting) });
  });
}
for (const type of ["float16", "float32", "float64"]) {
  test(`npy: reads ${type} that numpy wrote`, async () => {
    const array = await readNpy(numpy(type));
    assert.deepEqual(array, { shape: [2, 3, 4], dtype: type, data: Float32Array.from(counting, (v) => v + 0.5) });
  });
}

test("npy: reads booleans, big-endian, column-major, version 2, scalars and vectors that numpy wrote", async () => {
  assert.deepEqual(
    (await readNpy(numpy("bool"))).data,
    Int32Array.from(counting, (value) => value % 2),
  );
  assert.deepEqual(
    (await readNpy(numpy("bigEndian"))).data,
    Float32Array.from(counting, (value) => value * 1.25),
  );
  assert.deepEqual(
    (await readNpy(numpy("bigEndianInt"))).data,
    Int32Array.from(counting, (value) => value - 12),
  );
  assert.deepEqual((await readNpy(numpy("fortran"))).data, Float32Array.from(counting));
  assert.deepEqual((await readNpy(numpy("version2"))).data, Float32Array.from(counting));
  assert.deepEqual(await readNpy(numpy("scalar")), { shape: [], dtype: "float32", data: Float32Array.of(3.5) });
  assert.deepEqual(await readNpy(numpy("vector")), { shape: [3], dtype: "int64", data: Int32Array.of(1, -2, 3) });
  assert.deepEqual((await readNpy(numpy("empty"))).shape, [0, 3]);
});

test("npy: half floats at the ends of their range", async () => {
  const { data } = await readNpy(numpy("halfs"));
  const expected = [
    0,
    -0,
    1,
    -2,
    65504,
    2 ** -24,
    2 ** -24,
    6.097555160522461e-5,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
    0.3330078125,
  ];
  assert.deepEqual(data, Float32Array.from(expected));
});

test("npy: what is written is read again, for any shape", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
      fc.boolean(),
      fc.integer(),
      async (shape, integer, seed) => {
        const count = shape.reduce((product, side) => product * side, 1);
        const values = Array.from({ length: count }, (_, index) => (seed + index * 7919) % 1000);
        const data = integer ? Int32Array.from(values) : Float32Array.from(values, (value) => value / 7);
        const bytes = npyBytes(shape, data);
        const dtype = integer ? "int32" : "float32";
        assert.deepEqual(parseNpy(bytes, "x.npy"), { shape, dtype, data });
        assert.equal((bytes.length - count * 4) % 64, 0);
      },
    ),
  );
});

test("npy: written bytes are those that numpy writes", async () => {
  const path = join(folder, "written.npy");
  await writeNpy(
    path,
    [2, 3, 4],
    Float32Array.from(counting, (value) => value + 0.5),
  );
  assert.deepEqual(readFileSync(path), readFileSync(numpy("float32")));
  assert.throws(() => npyBytes([2, 2], new Float32Array(3)), { code: "internal" });
});

test("npy: a file of every length short of whole is refused", async () => {
  const whole = readFileSync(numpy("float32"));
  for (let length = 1; length < whole.length; length += length < 140 ? 1 : 13) {
    await fails(() => parseNpy(whole.subarray(0, length), "cut.npy"), "sample-unreadable", "cut.npy");
  }
  await fails(
    () => parseNpy(whole.subarray(0, 200), "cut.npy"),
    "sample-unreadable",
    "truncated",
    "96 bytes",
    "72 bytes",
  );
  await fails(() => parseNpy(Buffer.concat([whole, whole]), "long.npy"), "sample-unreadable", "longer");
});

test("npy: what is no array of numbers is refused by name", async () => {
  await fails(readNpy(numpy("objects")), "sample-unreadable", "Python objects", "float32");
  await fails(readNpy(numpy("complex")), "sample-unreadable", "<c16");
  await fails(readNpy(numpy("structured")), "sample-unreadable", "structured");
  await fails(readNpy(write("text.npy", "not an array")), "sample-unreadable", "\\x93NUMPY", "text.npy");
  await fails(readNpy(write("none.npy", "")), "sample-empty");
  await fails(readNpy(join(folder, "nowhere.npy")), "sample-not-found", "nowhere.npy");
  await fails(readNpy(folder), "sample-unreadable", "folder");
  const future = Buffer.from(readFileSync(numpy("float32")));
  future[6] = 9;
  await fails(() => parseNpy(future, "x"), "sample-unreadable", "version 9");
});

test("npy: whole numbers beyond 32 bits are refused, not cut", async () => {
  const bytes = Buffer.from(readFileSync(numpy("int64")));
  bytes.writeBigInt64LE(2n ** 40n, bytes.length - 8);
  await fails(() => parseNpy(bytes, "x.npy"), "sample-unreadable", "1099511627776", "int64");
});

test("npy: the tensor of a sample has the model's shape, with or without the batch axis", async () => {
  const path = write("sample.npy", npyBytes([1, 2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)));
  assert.deepEqual((await tensorFromNpy(path, [2, 3], false)).shape, [2, 3]);
  assert.deepEqual((await tensorFromNpy(path, [null, 3], false)).shape, [2, 3]);
  assert.deepEqual((await tensorFromNpy(path, [1, 2, 3], false)).shape, [1, 2, 3]);
  await fails(tensorFromNpy(path, [3, 2], false), "sample-shape", "3 × 2", "1 × 2 × 3");
  const integers = await tensorFromNpy(numpy("vector"), [3], false);
  assert.deepEqual(integers.data, Float32Array.of(1, -2, 3));
  assert.deepEqual((await tensorFromNpy(numpy("vector"), [3], true)).data, Int32Array.of(1, -2, 3));
  await fails(tensorFromNpy(numpy("float32"), [2, 3, 4], true), "sample-shape", "0.5");
  await fails(tensorFromNpy(numpy("empty"), [null, 3], false), "sample-shape");
});

test("npy: NaN and infinity are refused with their place", async () => {
  const path = write("nan.npy", npyBytes([2, 3], Float32Array.of(1, 2, 3, 4, Number.NaN, 6)));
  await fails(tensorFromNpy(path, [2, 3], false), "not-finite", "NaN at [1, 1]", "nan.npy");
  await fails(tensorFromNpy(numpy("halfs"), [12], false), "not-finite", "Infinity at [8]");
});
