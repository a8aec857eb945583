import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { evenly, neighboursOf, siblingFiles } from "../../../src/host/neighbours.ts";
import type { ModelTarget } from "../../../src/host/subject.ts";

let folder = "";

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "pathlight-neighbours-"));
  for (const name of ["b.png", "a.png", "c.jpg", "train.png", "notes.txt", "x.npy"]) {
    await writeFile(path.join(folder, name), "");
  }
  await writeFile(path.join(folder, "rows.csv"), 'question,type\n"one,\n two",x\nthree,y\nfour,z\n');
});
after(() => rm(folder, { recursive: true, force: true }));

function model(files?: string[]): { model: ModelTarget } {
  const dataset = files === undefined ? undefined : { name: "d", files, model: "m" };
  const ref = { path: path.join(folder, "model.json"), baseFolder: folder };
  return { model: { ref, name: "m", dataset: dataset as ModelTarget["dataset"], manifest: undefined } };
}

const sampleAt = (name: string, row?: number) => [
  {
    sample: {
      kind: "file" as const,
      path: path.join(folder, name),
      ...(row === undefined ? {} : { row, column: "question" }),
    },
  },
];

test("of a picture they are the pictures of its folder, of its data set where it is in one", async () => {
  const all = await neighboursOf(model(), sampleAt("b.png"));
  assert.deepEqual(
    all.map(({ title, isShown }) => [title, isShown]),
    [
      ["a.png", false],
      ["b.png", true],
      ["c.jpg", false],
      ["train.png", false],
    ],
  );
  const own = await siblingFiles(path.join(folder, "b.png"), model(["?.png"]));
  assert.deepEqual(
    own.map((file) => path.basename(file)),
    ["a.png", "b.png"],
  );
});

test("of a row they are the rows of its file, read in the same column", async () => {
  const rows = await neighboursOf(model(), sampleAt("rows.csv", 1));
  assert.deepEqual(
    rows.map(({ title, isShown }) => [title, isShown]),
    [
      ["rows.csv · 1", false],
      ["rows.csv · 2", true],
      ["rows.csv · 3", false],
    ],
  );
  assert.deepEqual(rows[2]?.sample, { kind: "file", path: path.join(folder, "rows.csv"), row: 2, column: "question" });
});

test("of a text in no file, and of several samples at once, there are none", async () => {
  assert.deepEqual(await neighboursOf(model(), [{ sample: { kind: "text", text: "Who?" } }]), []);
  assert.deepEqual(await neighboursOf(model(), [...sampleAt("a.png"), ...sampleAt("b.png")]), []);
});

test("many are thinned out over all of them", () => {
  const all = Array.from({ length: 1000 }, (_, index) => index);
  const some = evenly(all, 10);
  assert.deepEqual(some, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  assert.deepEqual(evenly([1, 2], 10), [1, 2]);
});
