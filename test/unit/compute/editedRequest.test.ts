import assert from "node:assert/strict";
import test from "node:test";
import { editedRequest } from "../../../src/compute/editedRequest.ts";
import { type ExplainRequest, type SampleRef, settingsSchema } from "../../../src/protocol/explain.ts";
import { fails, write } from "../samples/support.ts";

const path = write("pairs.jsonl", '{"a":"one","b":"two","n":3,"list":[1]}\n{"a":"three","b":"four"}\n');
const settings = settingsSchema.parse({});

function asking(...samples: ExplainRequest["samples"]): ExplainRequest {
  return { model: { path: "model.json" }, samples, settings };
}

async function edited(request: ExplainRequest, ...inputs: Parameters<typeof editedRequest>[1]): Promise<SampleRef[]> {
  return (await editedRequest(request, inputs)).samples.map(({ sample }) => sample);
}

const field = (name: string | null, text: string) => ({ name, text });

test("a column of a row is edited, the others stay", async () => {
  const request = asking({ sample: { kind: "file", path, row: 0, column: "b" } });
  assert.deepEqual(await edited(request, { input: "ids", fields: [field("b", "zwei")] }), [
    {
      kind: "text",
      text: "zwei",
      origin: "pairs.jsonl : row 1, edited",
      row: { column: "b", fields: { a: "one", b: "zwei", n: "3" } },
    },
  ]);
});

test("inputs that read columns of one row are edited together, those of another row are not", async () => {
  const file = (column: string, row: number) => ({ kind: "file" as const, path, row, column });
  const request = asking({ input: "x", sample: file("a", 0) }, { input: "y", sample: file("b", 0) });
  const inputs = [
    { input: "x", fields: [field("a", "one")] },
    { input: "y", fields: [field("b", "zwei")] },
  ];
  const [first, second] = await edited(request, ...inputs);
  assert.deepEqual(first?.kind === "text" && first.row, { column: "a", fields: { a: "one", b: "zwei", n: "3" } });
  assert.deepEqual(second?.kind === "text" && [second.text, second.row?.column], ["zwei", "b"]);
  const apart = asking({ input: "x", sample: file("a", 0) }, { input: "y", sample: file("b", 1) });
  const [own] = await edited(apart, ...inputs);
  assert.deepEqual(own?.kind === "text" && own.row?.fields["b"], "two");
});

test("a row as it is typed and a piece of text lose the place that they stood at", async () => {
  const row = { column: "a", fields: { a: "one", b: "two" } };
  const typed = asking({ sample: { kind: "text", text: "one", origin: "/data/pairs.jsonl", row } });
  assert.deepEqual(await edited(typed, { input: "ids", fields: [field("a", "eins")] }), [
    {
      kind: "text",
      text: "eins",
      origin: "pairs.jsonl, edited",
      row: { column: "a", fields: { a: "eins", b: "two" } },
    },
  ]);
  const piece = asking({ sample: { kind: "text", text: "one", origin: "notes.md, edited" } });
  assert.deepEqual(await edited(piece, { input: "ids", fields: [field(null, "eins")] }), [
    { kind: "text", text: "eins", origin: "notes.md, edited" },
  ]);
});

test("two texts that one input reads as a pair are one sample then; texts in order go to inputs in order", async () => {
  const pair = { input: "ids", fields: [field(null, "eins"), field(null, "zwei")] };
  const piece = (text: string) => ({ sample: { kind: "text" as const, text } });
  const both = { kind: "text", text: "eins", second: "zwei", origin: "Text, edited" };
  assert.deepEqual(await edited(asking(piece("one"), piece("two")), pair), [both]);
  const named = asking({ input: "ids", ...piece("one") }, { input: "ids", ...piece("two") });
  assert.deepEqual(await edited(named, pair), [both]);
  const column = (name: string) => ({ sample: { kind: "file" as const, path, row: 0, column: name } });
  const columns = { input: "ids", fields: [field("a", "eins"), field("b", "zwei")] };
  const [row, ...more] = await edited(asking(column("a"), column("b")), columns);
  assert.deepEqual([row?.kind === "text" && row.row?.secondColumn, more], ["b", []]);
  const towers = ["x", "y"].map((input) => ({ input, fields: [field(null, input)] }));
  const apart = await edited(asking(piece("one"), piece("two")), ...towers);
  assert.deepEqual(
    apart.map((sample) => sample.kind === "text" && [sample.text, sample.second]),
    [
      ["x", undefined],
      ["y", undefined],
    ],
  );
});

test("a text that no sample says is refused, not left as it was", async () => {
  const ids = asking({ sample: { kind: "file", path: "/data/ids.npy" } });
  await fails(editedRequest(ids, [{ input: "ids", fields: [field(null, "eins")] }]), "usage", "only blanked");
  const other = asking({ input: "x", sample: { kind: "text", text: "one" } });
  await fails(editedRequest(other, [{ input: "y", fields: [field(null, "eins")] }]), "usage");
});

test("samples that are no text of the run stay as they are", async () => {
  const other: SampleRef = { kind: "file", path: "/data/scale.npy" };
  const request = asking({ sample: { kind: "text", text: "one" } }, { input: "scale", sample: other });
  const [, kept] = await edited(request, { input: "ids", fields: [field(null, "eins")] });
  assert.equal(kept, other);
});
