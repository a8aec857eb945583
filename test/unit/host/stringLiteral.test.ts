import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { literalAt, resolveEscapes, textOfSelection } from "../../../src/host/stringLiteral.ts";

test("finds the literal around a column, with its escapes resolved", () => {
  const line = `load("scenes/0007.png", 'b\\'c')`;
  assert.equal(literalAt(line, 8)?.value, "scenes/0007.png");
  assert.equal(line.slice(literalAt(line, 8)?.start, literalAt(line, 8)?.end), "scenes/0007.png");
  assert.equal(literalAt(line, line.indexOf("c'"))?.value, "b'c");
  assert.equal(literalAt(line, 2), undefined);
  assert.equal(literalAt(line, line.indexOf(",")), undefined);
});

test("an apostrophe in a comment does not hide the literal behind it", () => {
  const line = `x = 1  # don't load "a.png"`;
  assert.equal(literalAt(line, line.indexOf("a.png"))?.value, "a.png");
});

test("raw strings keep their backslashes", () => {
  const line = String.raw`open(r"data\new\a.png")`;
  assert.equal(literalAt(line, 10)?.value, String.raw`data\new\a.png`);
});

test("lines of minified code are left alone", () => {
  assert.equal(literalAt(`${" ".repeat(3000)}"a.png"`, 3002), undefined);
});

test("escapes of the usual kinds", () => {
  assert.equal(resolveEscapes(String.raw`a\n\t\\ \x41 \u0042 \u{1F600} \" \q`), 'a\n\t\\ A B \u{1F600} " q');
  assert.equal(resolveEscapes(String.raw`\u{FFFFFF}`), "\ufffd");
});

test("a selected literal loses quotes and prefix; anything else stays as it is", () => {
  assert.equal(textOfSelection('"Who was \\"he\\"?"'), 'Who was "he"?');
  assert.equal(textOfSelection("  f'one'  "), "one");
  assert.equal(textOfSelection('"""two\nlines"""'), "two\nlines");
  assert.equal(textOfSelection(String.raw`r"a\nb"`), String.raw`a\nb`);
  assert.equal(textOfSelection('"a" + "b"'), '"a" + "b"');
  assert.equal(textOfSelection("plain words"), "plain words");
  assert.equal(textOfSelection("don't"), "don't");
});

test("any text survives being written as a JSON literal and selected", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      assert.equal(textOfSelection(JSON.stringify(text)), text);
    }),
  );
});
