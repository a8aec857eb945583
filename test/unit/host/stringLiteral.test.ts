import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { literalAt, resolveEscapes, textOfSelection, writtenSelection } from "../../../src/host/stringLiteral.ts";

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

test("each character of a literal is found where it is written", () => {
  const code = String.raw`  f'na\u00efve \x41\u{1F600}\ud83d\ude00 \'q\' \n' `;
  const written = writtenSelection(code, 100);
  assert.equal(written.text, "na\u00efve A😀😀 'q' \n");
  const at = (text: string, from = 0): string => {
    const start = written.text.indexOf(text, from);
    const place = written.place(start, start + text.length);
    return code.slice((place?.start ?? 0) - 100, (place?.end ?? 0) - 100);
  };
  assert.equal(at("naïve"), String.raw`na\u00efve`);
  assert.equal(at("A"), String.raw`\x41`);
  assert.equal(at("😀"), String.raw`\u{1F600}`);
  assert.equal(at("😀", written.text.indexOf("😀") + 1), String.raw`\ud83d\ude00`);
  assert.equal(at("q'"), String.raw`q\'`);
  assert.equal(at("\n"), String.raw`\n`);
});

test("a JSON literal is found character by character, and a raw or plain selection as it is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 9 }), (text, offset) => {
      const code = JSON.stringify(text);
      const written = writtenSelection(code, offset);
      assert.equal(written.text, text);
      let at = 0;
      for (const character of text) {
        const place = written.place(at, at + character.length);
        assert.ok(place);
        assert.equal(resolveEscapes(code.slice(place.start - offset, place.end - offset)), character);
        at += character.length;
      }
    }),
    { seed: 7 },
  );
  const raw = writtenSelection(String.raw`r"a\nb"`, 0);
  assert.deepEqual(raw.place(1, 3), { start: 3, end: 5 });
  assert.deepEqual(writtenSelection("plain words", 5).place(6, 11), { start: 11, end: 16 });
});
