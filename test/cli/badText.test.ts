import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { explanationFileSchema } from "../../src/protocol/explanation.ts";
import { runCli } from "./support/runCli.ts";
import { Workspace } from "./support/workspace.ts";

/** Texts as no author writes them, explained by the sample workspace's classifier. */

const samples = fileURLToPath(new URL("../../samples/", import.meta.url));
const space = new Workspace();
test.after(() => space.dispose());

async function explain(input: string, ...more: readonly string[]) {
  const out = space.out();
  const model = ["--model", "question-classifier", "--manifest", join(samples, "pathlight.json")];
  const result = await runCli(
    ["explain", ...model, "--input", input, ...more, "--backend", "wasm", "--tolerance", "0.05", "--out", out],
    {},
  );
  const read = () => explanationFileSchema.parse(JSON.parse(readFileSync(join(out, "explanation.json"), "utf8")));
  return { ...result, read };
}

const row = (question: string): string => `${JSON.stringify({ question })}\n`;

test("a row of nearly a megabyte is explained by the tokens that the model sees, and says that it was cut", async () => {
  const { code, stderr, read } = await explain(space.write("big.jsonl", row("who wrote this ".repeat(65_000))));
  assert.equal(code, 0, stderr);
  const { warnings } = read();
  assert.match(warnings.map(({ message }) => message).join("\n"), /longer than the model takes/);
});

test("a row of more than a megabyte is refused with its file and line", async () => {
  const { code, stderr } = await explain(space.write("huge.jsonl", row("who wrote this ".repeat(90_000))));
  assert.equal(code, 2);
  assert.match(stderr, /huge\.jsonl: The row in line 1 is too long\. Expected at most 1,000,000 characters/);
});

test("halves of surrogate pairs are unknown tokens, and everything adds up", async () => {
  const file = space.write("lone.jsonl", '{"question":"who \\ud800 wrote \\udc00 it?"}\n');
  const { code, stderr, stdout, read } = await explain(file);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /"\\ud800" at 1 \(unknown\)/);
  assert.ok((read().completenessError.relative ?? 1) <= 0.05);
});

test("bytes that are no UTF-8 are refused with their line", async () => {
  const { code, stderr } = await explain(space.write("latin.jsonl", Buffer.from('{"question":"où?"}\n', "latin1")));
  assert.equal(code, 2);
  assert.match(stderr, /latin\.jsonl: The file is badly encoded in line 1\./);
});

test("CRLF and LF may be mixed; a text of blanks is refused", async () => {
  const file = space.write("mixed.jsonl", `{"question":"who wrote it?"}\r\n${row("where is it?")}\r\n${row("  ")}`);
  const second = await explain(file, "--row", "1");
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /row 2/);
  const blank = await explain(file, "--row", "2");
  assert.equal(blank.code, 2);
  assert.match(blank.stderr, /mixed\.jsonl: .*(empty|no tokens)/);
});
