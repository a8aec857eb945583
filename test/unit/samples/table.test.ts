import assert from "node:assert/strict";
import test from "node:test";
import { featureName } from "../../../src/protocol/featureName.ts";
import { inputSchema } from "../../../src/protocol/manifest.ts";
import { type PreparedBaseline, prepareBaseline, prepareSample } from "../../../src/samples/index.ts";
import { fails, write } from "./support.ts";

const tensor = inputSchema.parse({ kind: "tensor" });
const context = { inputShape: [2], integer: false };
const mean = { kind: "name", name: "mean" } as const;
const file = (path: string, row: number) => ({ kind: "file" as const, path, row });
const values = (baseline: PreparedBaseline) => (baseline.kind === "tensor" ? [...baseline.tensor.data] : []);

test("a row knows the columns of its values; a list has none", async () => {
  const csv = write("named.csv", "a,b,class\n1,2.5,yes\n");
  const row = await prepareSample(file(csv, 0), tensor, { ...context, label: "class" });
  assert.deepEqual(row.kind === "tensor" && row.names, ["a", "b"]);
  const list = await prepareSample(file(write("list.jsonl", '{"x": [3, 4]}\n'), 0), tensor, context);
  assert.equal(list.kind === "tensor" && list.names, undefined);
  assert.equal(featureName({ shape: [2], names: ["a", "b"] }, 1), "b");
  assert.equal(featureName({ shape: [2] }, 1), "[1]");
  assert.equal(featureName({ shape: [2, 3] }, 5), "[1, 2]");
});

test("columns that are named come in the order of the model, whatever else the row has", async () => {
  const csv = write("order.csv", "id,b,a,class\nH1,2,1,yes\nH2,,1,no\n");
  const chosen = inputSchema.parse({ kind: "tensor", columns: ["a", "b"] });
  const row = await prepareSample(file(csv, 0), chosen, context);
  assert.deepEqual([...row.tensor.data], [1, 2]);
  assert.deepEqual(row.kind === "tensor" && row.names, ["a", "b"]);
  await fails(prepareSample(file(csv, 0), tensor, context), "sample-unreadable", '"H1" in "id"', "`columns`");
  await fails(prepareSample(file(csv, 1), chosen, context), "sample-unreadable", "Line 3", '"" in "b"');
  const three = inputSchema.parse({ kind: "tensor", columns: ["a", "b", "c"] });
  await fails(prepareSample(file(csv, 0), three, context), "sample-column-missing", 'no column "c"', "id, b, a, class");
  const one = inputSchema.parse({ kind: "tensor", columns: ["a"] });
  await fails(prepareSample(file(csv, 0), one, context), "sample-shape", "2 numbers", "1 numbers", "`columns`");
});

test("the mean of rows is that of each column by its name, and says how many rows it is of", async () => {
  const csv = write("mean.csv", "a,b,class\n1,10,x\n2,20,y\n6,0,z\n");
  const own = { ...context, label: "class" };
  const row = await prepareSample(file(csv, 1), tensor, own);
  const whole = await prepareBaseline(mean, row, tensor, { ...own, meanOver: [csv] });
  assert.deepEqual([whole.label, values(whole)], ["Mean of 3 rows", [3, 10]]);
  // Keys in another order, a gap, a word, a column too many.
  const lines = ['{"b": 4, "a": 3}', '{"a": 1}', '{"a": "x", "b": 1}', '{"c": 9, "a": 5, "b": 0}'];
  const other = write("mean.jsonl", `${lines.join("\n")}\n`);
  const both = await prepareBaseline(mean, row, tensor, { ...own, meanOver: [csv, other] });
  assert.deepEqual([both.label, values(both)], ["Mean of 5 of 7 rows", [17 / 5, 34 / 5].map(Math.fround)]);
  const none = write("none.csv", "c,d\n1,2\n");
  const nothing = prepareBaseline(mean, row, tensor, { ...own, meanOver: [none] });
  await fails(nothing, "baseline-invalid", "1 rows, none of them", "none.csv");
});

test("the mean of a table without end is that of its first 100,000 rows", async () => {
  const rows = Array.from({ length: 100_001 }, (_, row) => `${row === 100_000 ? 1e9 : 1},${row % 2}`);
  const csv = write("long.csv", `a,b\n${rows.join("\n")}\n`);
  const row = await prepareSample(file(csv, 0), tensor, context);
  const found = await prepareBaseline(mean, row, tensor, { ...context, meanOver: [csv] });
  assert.deepEqual([found.label, values(found)], ["Mean of the first 100,000 rows", [1, 0.5]]);
});
