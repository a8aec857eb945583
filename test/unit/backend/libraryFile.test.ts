import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { libraryDefect } from "../../../src/backend/tensorflow/libraryFile.ts";
import { elfHeader, folderWith } from "./support.ts";

const x64 = 62;
const arm64 = 183;

test("a whole library has no defect", (context) => {
  const folder = folderWith(context, { whole: Buffer.concat([elfHeader(x64, 200), Buffer.alloc(136)]) });
  assert.equal(libraryDefect(join(folder, "whole"), "x64"), undefined);
});

test("a library that was cut short is told by its section table", (context) => {
  const folder = folderWith(context, { cut: Buffer.concat([elfHeader(x64, 5000), Buffer.alloc(936)]) });
  assert.match(libraryDefect(join(folder, "cut"), "x64") ?? "", /1000 bytes of 5000/);
});

test("a library for another processor is told by its header", (context) => {
  const folder = folderWith(context, { other: Buffer.concat([elfHeader(arm64, 200), Buffer.alloc(136)]) });
  assert.match(libraryDefect(join(folder, "other"), "x64") ?? "", /another processor/);
  assert.equal(libraryDefect(join(folder, "other"), "arm64"), undefined);
});

test("text, nothing and no file are no libraries", (context) => {
  const folder = folderWith(context, { text: "version https://git-lfs.github.com/spec/v1\n".repeat(4), empty: "" });
  assert.match(libraryDefect(join(folder, "text")) ?? "", /not a shared library/);
  assert.match(libraryDefect(join(folder, "empty")) ?? "", /0 bytes/);
  assert.match(libraryDefect(join(folder, "absent")) ?? "", /ENOENT/);
});
