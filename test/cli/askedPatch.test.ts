import assert from "node:assert/strict";
import test from "node:test";
import { patchOf } from "../../src/cli/askedPatch.ts";
import { PathlightError } from "../../src/common/errors.ts";

const of = (names: string[] | undefined) => [
  {
    prepared: {
      kind: "tensor" as const,
      tensor: { shape: [4], data: Float32Array.of(1, 2, 3, 4) },
      names,
      notes: [],
      info: { title: "t", path: null, row: 0, columns: [], column: null, label: null },
    },
  },
];
const named = of(["age", "2020", "net income", "3"]);
const features = (list: string, sample = named) => {
  const { region } = patchOf({ name: list, features: list }, sample);
  return region.kind === "features" ? region.features : null;
};

test("features go by the names of columns, and by places where no column is called so", () => {
  assert.deepEqual(features("net income, age"), [2, 0]);
  assert.deepEqual(features("0,2-3"), [0, 2, 3]);
  assert.deepEqual(features("2020,1"), [1, 1]);
  assert.deepEqual(features("3", of(["3", "b", "c", "d"])), [0]);
  assert.deepEqual(features("1-2", of(undefined)), [1, 2]);
});

test("a feature that is not there is named, with those that are", () => {
  const refused = (list: string, sample: typeof named, ...texts: RegExp[]) => {
    assert.throws(
      () => features(list, sample),
      (error: unknown) => {
        assert.ok(error instanceof PathlightError && error.code === "usage");
        const all = [error.message, ...Object.values(error.details)].join("\n");
        for (const text of texts) assert.match(all, text);
        return true;
      },
    );
  };
  refused(
    "age,net incom",
    named,
    /no feature is called "net incom"/,
    /age, 2020, net income, 3/,
    /Did you mean net income\?/,
  );
  refused("", named, /""/);
  refused("age", of(undefined), /have no names/, /places from 0/);
});
