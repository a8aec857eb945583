import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { explanationFileSchema } from "../../src/protocol/explanation.ts";
import { readNpy } from "../../src/samples/index.ts";
import { bertOnnx } from "../support/bertOnnx.ts";
import { runCli } from "./support/runCli.ts";
import { Workspace } from "./support/workspace.ts";

/** A written date, and labelled tokens, explained by the bundle. */

const samples = fileURLToPath(new URL("../../samples/", import.meta.url));
const space = new Workspace();
test.after(() => space.dispose());
const dates = [
  ...["explain", "--manifest", join(samples, "pathlight.json"), "--model", "dates"],
  ...["--input", join(samples, "dates.jsonl"), "--row", "12"],
];

test("a written date is printed, and each character explained with its own completeness", async () => {
  const out = space.out();
  const { code, stdout, stderr } = await runCli([...dates, "--target", "6", "--tolerance", "0.02", "--out", out]);
  assert.equal(code, 0, stderr);
  const row = JSON.parse(readFileSync(join(samples, "dates.jsonl"), "utf8").split("\n")[12] ?? "{}");
  assert.match(stdout, new RegExp(`Written\\s+${row.iso}\\n`));
  assert.match(stdout, /Explained\s+logit of "3" \(written token 6\)/);
  assert.match(stdout, /"3"\s+\+\S+\s+"March" \+\S+.*%\s+converged/);
  const file = JSON.parse(readFileSync(join(out, "token-matrix.json"), "utf8"));
  const cells = await readNpy(join(out, file.values));
  assert.deepEqual(cells.shape, [file.rows.length, file.columns.length]);
  assert.equal(file.rows.map(({ text }: { text: string }) => text).join(""), `${row.iso}[END]`);
  assert.equal(file.columnText, row.date);
  const width = file.columns.length;
  for (const [at, { sum }] of file.rowFigures.entries()) {
    const total = Array.from(cells.data.slice(at * width, (at + 1) * width)).reduce((all, value) => all + value, 0);
    assert.ok(Math.abs(total - sum) < 1e-3);
  }
  const march = file.columns.findIndex(({ text }: { text: string }) => text === "March");
  const month = Array.from(cells.data.slice(6 * width, 7 * width));
  assert.equal(month.indexOf(Math.max(...month)), march);
  const explanation = explanationFileSchema.parse(JSON.parse(readFileSync(join(out, "explanation.json"), "utf8")));
  assert.equal(explanation.produced?.text, row.iso);
  const alone = await readNpy(join(out, "attributions-0.npy"));
  assert.ok(Math.abs((alone.data[march] ?? 9) - (month[march] ?? 0)) < 1e-4);
  assert.match(readFileSync(join(out, "report.html"), "utf8"), /"rowFigures"/);
});

test("every row is held to --fail-above", async () => {
  const out = space.out();
  const few = ["--rule", "riemann-left", "--steps", "3", "--fail-above", "1%"];
  const { code, stderr } = await runCli([...dates, ...few, "--out", out]);
  assert.equal(code, 3, stderr);
  assert.match(stderr, /completeness error of token \d+ \(".+"\) is above --fail-above 0\.01/);
});

test("a matrix of an earlier export does not stay beside a model that writes nothing", async () => {
  const out = space.out();
  const quick = ["--rule", "midpoint", "--steps", "4"];
  assert.equal((await runCli([...dates, ...quick, "--out", out])).code, 0);
  assert.ok(existsSync(join(out, "token-matrix.npy")));
  const questions = ["--model", "question-classifier", "--input", join(samples, "questions.jsonl")];
  const { code, stderr } = await runCli([
    ...["explain", "--manifest", join(samples, "pathlight.json"), ...questions],
    ...["--out", out],
  ]);
  assert.equal(code, 0, stderr);
  assert.ok(!existsSync(join(out, "token-matrix.npy")) && !existsSync(join(out, "token-matrix.json")));
});

test("--position explains the label of that token", async () => {
  const size = { layers: 1, width: 16, heads: 2, words: 12, longest: 16, classes: 3, eachPosition: true };
  const model = space.write("labels/model.onnx", bertOnnx(size));
  space.write("labels/vocab.txt", "[PAD]\n[UNK]\nada\nmet\ncharles\nin\nlondon\n");
  space.write("labels/labels.txt", "O\nPER\nLOC\n");
  const out = space.out();
  const asked = ["--text", "Ada met Charles in London", "--position", "4", "--target", "LOC", "--tolerance", "0.05"];
  const { code, stdout, stderr } = await runCli(["explain", "--model", model, ...asked, "--out", out]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /logit of LOC \(output 2\) of "London" \(position 4\)/);
  assert.match(stdout, /Labels\n[\s\S]*▸\s+4 {2}"London"/);
  const file = explanationFileSchema.parse(JSON.parse(readFileSync(join(out, "explanation.json"), "utf8")));
  assert.equal(file.target.position, 4);
  assert.equal(file.positions?.length, 5);
});
