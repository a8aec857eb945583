import assert from "node:assert/strict";
import test from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import { editedText } from "../../../src/compute/editedText.ts";
import type { TextAttribution, Token } from "../../../src/protocol/explanation.ts";
import { byteTokenizer } from "../../../src/samples/tokenizer/byteTokenizer.ts";

type Text = Pick<TextAttribution, "text" | "fields" | "tokens">;

/** Words and marks as tokens, between [CLS] and [SEP]. */
function words(text: string, fields: Text["fields"] = []): Text {
  const tokens: Token[] = [...text.matchAll(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu)].map((match, word) => ({
    text: match[0],
    id: 10 + word,
    start: match.index,
    end: match.index + match[0].length,
    special: "none",
    word,
  }));
  const special = (at: number, shown: string): Token => ({
    text: shown,
    id: 1,
    start: at,
    end: at,
    special: "other",
    word: -1,
  });
  return { text, fields, tokens: [special(0, "[CLS]"), ...tokens, special(text.length, "[SEP]")] };
}

function bytes(text: string): Text {
  const encoded = byteTokenizer({ type: "bytes", offset: 0, padId: 256 }).encode(text, null, "right");
  return { text, fields: [], tokens: encoded.tokens };
}

const remove = (...tokens: number[]) => ({ kind: "delete" as const, input: "ids", tokens });
const put = (text: string, ...tokens: number[]) => ({ kind: "replace" as const, input: "ids", tokens, text });
const blank = (...tokens: number[]) => ({ kind: "blank" as const, input: "ids", tokens });
const read = (text: Text, ...changes: Parameters<typeof editedText>[1]) =>
  editedText(text, changes, "[MASK]").fields.map((field) => field.text);

test("a deleted word takes one of the two blanks beside it along", () => {
  const text = words("Who, please, was she?");
  assert.deepEqual(read(text, remove(3)), ["Who, , was she?"]);
  assert.deepEqual(read(text, remove(1)), [", please, was she?"]);
  assert.deepEqual(read(text, remove(5)), ["Who, please, she?"]);
  assert.deepEqual(read(words("so it is"), remove(3)), ["so it"]);
  assert.deepEqual(read(words("so it is"), remove(1)), ["it is"]);
  assert.deepEqual(read(words("so it is"), remove(1, 2, 3)), [""]);
});

test("a blank that is itself a token stays", () => {
  const text = bytes("so it is");
  assert.deepEqual(read(text, remove(3, 4)), ["so  is"]);
});

test("a character of several bytes goes as a whole, and all of its tokens count as removed", () => {
  const text = bytes("a😀é");
  for (const position of [1, 2, 4]) {
    const edited = editedText(text, [remove(position)], "");
    assert.deepEqual(edited.fields, [{ name: null, text: "aé" }]);
    assert.deepEqual(edited.removed, [1, 2, 3, 4]);
  }
  assert.deepEqual(editedText(text, [remove(6)], "").removed, [5, 6]);
});

test("what is replaced stands where the first of it stood; several changes go together", () => {
  const text = words("Who was the first American woman in space?");
  assert.deepEqual(read(text, put("Russian", 5)), ["Who was the first Russian woman in space?"]);
  assert.deepEqual(read(text, put("When", 1), remove(4, 5)), ["When was the woman in space?"]);
  assert.deepEqual(read(text, remove(3), remove(4), remove(5)), ["Who was woman in space?"]);
  assert.deepEqual(read(text, put("Mars", 8), remove(6)), ["Who was the first American in Mars?"]);
});

test("fields are edited each by itself, and offsets behind a change move with it", () => {
  const text = words("A man sleeps. A man rests.", [
    { name: "premise", start: 0, end: 13 },
    { name: "hypothesis", start: 14, end: 26 },
  ]);
  const edited = editedText(text, [put("woman", 2), remove(7)], "");
  assert.deepEqual(edited.fields, [
    { name: "premise", text: "A woman sleeps." },
    { name: "hypothesis", text: "A man ." },
  ]);
  assert.equal(edited.moved(14), 16);
  assert.equal(edited.moved(0), 0);
  assert.equal(edited.moved(25), 22);
});

test("blanks leave the text to be read as it is, and show as what is put there", () => {
  const edited = editedText(words("so it is"), [blank(2)], "[MASK]");
  assert.equal(edited.isReread, false);
  assert.deepEqual(edited.fields, [{ name: null, text: "so it is" }]);
  assert.deepEqual(edited.shown, [{ name: null, text: "so [MASK] is" }]);
  assert.deepEqual([edited.blanked, edited.removed], [[2], [2]]);
  const both = editedText(words("so it is"), [blank(2), remove(1)], "[MASK]");
  assert.deepEqual([both.shown[0]?.text, both.fields[0]?.text], ["[MASK] is", "it is"]);
  assert.deepEqual([both.blanked, both.removed], [[2], [1, 2]]);
});

test("tokens that the tokenizer adds, that are not there, or that two changes are of are refused by name", () => {
  const text = words("so it is");
  const code = (...changes: Parameters<typeof editedText>[1]) => {
    try {
      editedText(text, changes, "");
      return "none";
    } catch (error) {
      assert(error instanceof PathlightError);
      assert(error.details.whatToDo);
      return `${error.code}: ${error.message}`;
    }
  };
  assert.match(code(remove(0)), /^usage: \[CLS\] is no part of the text/);
  assert.match(code(blank(4)), /^usage: \[SEP\] is no part of the text/);
  assert.match(code(remove(9)), /^usage: There is no such token/);
  assert.match(code(remove(1), put("x", 1)), /^usage: Two changes .* "so"/);
  const written = words("so it is", [{ name: null, start: 0, end: 5 }]);
  assert.throws(
    () => editedText(written, [remove(3)], ""),
    (error) => error instanceof PathlightError && /"is" is no part of the sample/.test(error.message),
  );
  assert.match(code(remove(2), blank(2)), /^usage: Two changes .* "it"/);
});
