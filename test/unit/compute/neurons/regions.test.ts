import assert from "node:assert/strict";
import test from "node:test";
import { featuresOf, placePatches } from "../../../../src/compute/neurons/regions.ts";
import type { ExplainedInput } from "../../../../src/compute/runPlan.ts";
import type { Region } from "../../../../src/protocol/neurons.ts";
import type { PreparedSample } from "../../../../src/samples/index.ts";

const info = { title: "", path: null, row: null, columns: [], column: null, label: null };

function explained(input: string, shape: readonly number[], prepared: object): ExplainedInput {
  const size = shape.reduce((product, side) => product * side, 1);
  const values = new Float32Array(size);
  const sample = { tensor: { shape, data: values }, notes: [], info, ...prepared } as unknown as PreparedSample;
  return { input, node: input, shape, x: values, baseline: values, prepared: sample, blank: null };
}

const picture = explained("picture", [4, 6, 2], { kind: "image", height: 4, width: 6, layout: "channels-last" });
const first = explained("first", [2, 4, 6], { kind: "image", height: 4, width: 6, layout: "channels-first" });
const table = explained("table", [5], { kind: "tensor" });
const tokens = { ...explained("text", [3, 4], { kind: "text" }), node: "embedding" };
const text = { ...tokens, prepared: { ...tokens.prepared, tensor: { shape: [3], data: new Int32Array(3) } } };
const inputs = [picture, table, text as ExplainedInput];

const features = (region: Region, of: readonly ExplainedInput[] = inputs) => [...featuresOf(of, region, "The patch")];

test("a rectangle holds the channels of its pixels, in either order of axes", () => {
  const region = { kind: "rectangle", y0: 1, x0: 2, y1: 2, x1: 4 } as const;
  assert.deepEqual(features(region), [16, 17, 18, 19]);
  assert.deepEqual(features(region, [first]), [8, 9, 32, 33]);
  // Without a manifest a tensor is a picture by its shape.
  const tensor = explained("x", [1, 8, 8], { kind: "tensor" });
  assert.deepEqual(features({ kind: "rectangle", y0: 0, x0: 0, y1: 1, x1: 2 }, [tensor]), [0, 1]);
});

test("an outline holds the pixels whose centres lie inside, by the even–odd rule", () => {
  const square = [
    { y: 0, x: 0 },
    { y: 0, x: 3 },
    { y: 3, x: 3 },
    { y: 3, x: 0 },
  ];
  assert.equal(features({ kind: "polygon", points: square }, [first]).length, 18);
  const hollow = [
    ...square,
    { y: 0, x: 0 },
    { y: 1, x: 1 },
    { y: 1, x: 2 },
    { y: 2, x: 2 },
    { y: 2, x: 1 },
    { y: 1, x: 1 },
  ];
  const pixels = features({ kind: "polygon", points: hollow }, [first]);
  assert.equal(pixels.length, 16);
  assert.ok(!pixels.includes(7));
});

test("tokens hold their dimensions, features themselves, each in its own input", () => {
  assert.deepEqual(features({ kind: "tokens", input: "text", tokens: [2, 0, 2] }), [53, 54, 55, 56, 61, 62, 63, 64]);
  assert.deepEqual(features({ kind: "features", input: "table", features: [4, 1] }), [49, 52]);
});

test("what lies outside of the sample, or holds nothing, is refused with where it would have to be", () => {
  const refused = (region: Region, found: RegExp, of: readonly ExplainedInput[] = inputs): void => {
    assert.throws(
      () => features(region, of),
      (error: Error & { code?: string }) => error.code === "usage" && found.test(error.message),
      JSON.stringify(region),
    );
  };
  refused({ kind: "rectangle", y0: 0, x0: 0, y1: 5, x1: 2 }, /outside/);
  refused({ kind: "rectangle", y0: 2, x0: 1, y1: 2, x1: 3 }, /empty/);
  refused({ kind: "rectangle", y0: 3, x0: 1, y1: 1, x1: 3 }, /empty/);
  refused({ kind: "rectangle", input: "table", y0: 0, x0: 0, y1: 1, x1: 1 }, /no picture/);
  refused({ kind: "rectangle", input: "other", y0: 0, x0: 0, y1: 1, x1: 1 }, /not explained/);
  const thin = [
    { y: 0.6, x: 0.6 },
    { y: 0.7, x: 0.6 },
    { y: 0.7, x: 0.7 },
  ];
  refused({ kind: "polygon", points: thin }, /empty/);
  refused({ kind: "polygon", points: [...thin, { y: -1, x: 0 }] }, /outside/);
  refused({ kind: "tokens", input: "text", tokens: [3] }, /outside/);
  refused({ kind: "tokens", tokens: [0] }, /picture/);
  refused({ kind: "features", input: "table", features: [5] }, /outside/);
});

test("the cells of a grid are a partition, row by row, behind the named patches", () => {
  const patches = [{ name: "A", region: { kind: "rectangle", y0: 0, x0: 0, y1: 1, x1: 1 } }] as const;
  const placed = placePatches(inputs, patches, { rows: 3, columns: 4 });
  assert.deepEqual(
    placed.map(({ kind }) => kind),
    ["patch", ...Array.from({ length: 12 }, () => "cell")],
  );
  const cells = placed.slice(1).flatMap((cell) => [...cell.features]);
  assert.deepEqual(
    cells.sort((a, b) => a - b),
    Array.from({ length: 48 }, (_, k) => k),
  );
  assert.deepEqual(placed[2]?.name, "row 1, column 2");
  assert.throws(() => placePatches(inputs, [], { rows: 5, columns: 1 }), { code: "usage" });
});
