import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { operatorsFile, operatorsMarkdown } from "../../../scripts/docs/operatorsMarkdown.ts";

test("docs/operators.md is what the code says; `npm run docs` writes it anew", async () => {
  assert.equal(await readFile(operatorsFile, "utf8"), await operatorsMarkdown());
});
