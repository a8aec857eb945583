import assert from "node:assert/strict";
import test from "node:test";
import { globToRegExp, matchesGlob } from "../../../src/common/glob.ts";

test("a star stays inside one folder, two stars do not", () => {
  assert.equal(matchesGlob("scenes/0007.png", "scenes/*.png"), true);
  assert.equal(matchesGlob("scenes/deep/0007.png", "scenes/*.png"), false);
  assert.equal(matchesGlob("scenes/deep/0007.png", "scenes/**/*.png"), true);
  assert.equal(matchesGlob("scenes/0007.png", "scenes/**/*.png"), true);
  assert.equal(matchesGlob("0007.png", "**/*.png"), true);
  assert.equal(matchesGlob("a/b/c.npy", "a/**"), true);
});

test("braces, question marks, classes and dots mean what they mean in a shell", () => {
  assert.equal(matchesGlob("a.jpeg", "*.{png,jpe?g,jpg}"), false);
  assert.equal(matchesGlob("a.jpeg", "*.{png,jpeg,jpg}"), true);
  assert.equal(matchesGlob("img3.png", "img[0-4].png"), true);
  assert.equal(matchesGlob("img7.png", "img[0-4].png"), false);
  assert.equal(matchesGlob("img7.png", "img[!0-4].png"), true);
  assert.equal(matchesGlob("aXpng", "a.png"), false);
  assert.equal(matchesGlob("./a.png", "a.png"), false);
  assert.equal(matchesGlob("a.png", "./a.png"), true);
});

test("any of several globs is enough, and odd ones do not throw", () => {
  assert.equal(matchesGlob("q.csv", ["*.jsonl", "q.csv"]), true);
  for (const glob of ["a{b", "a[b", "}", "a(b)+|c", "\\"]) assert.ok(globToRegExp(glob) instanceof RegExp);
  assert.equal(matchesGlob("a(b)+|c", "a(b)+|c"), true);
});
