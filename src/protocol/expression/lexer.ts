import { ExpressionError } from "./expressionError.ts";

export interface Token {
  readonly kind: "number" | "name" | "string" | "sign" | "end";
  /** Of a string what it stands for, of a sign one of `+ - * / ( ) [ ] ,`, else as it is written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Of an expression that is written. */
export const MOST_CHARACTERS = 2000;

/** Signs as people type and paste them, and what they mean. */
const signs: Readonly<Record<string, string>> = {
  "+": "+",
  "-": "-",
  "−": "-",
  "–": "-",
  "*": "*",
  "×": "*",
  "·": "*",
  "/": "/",
  "÷": "/",
  "(": "(",
  ")": ")",
  "[": "[",
  "]": "]",
  ",": ",",
};

const quotes: Readonly<Record<string, string>> = { '"': '"', "'": "'", "“": "”", "‘": "’" };

const space = /[\s\u00a0\u202f]+/uy;
const number = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/uy;
const name = /[\p{L}_][\p{L}\p{N}_]*/uy;

/** @throws ExpressionError for characters that mean nothing, and for a quote that is not closed. */
export function tokensOf(source: string): Token[] {
  if (source.length > MOST_CHARACTERS) {
    throw new ExpressionError(
      "The expression is too long.",
      { start: MOST_CHARACTERS, end: source.length },
      {
        expected: `at most ${MOST_CHARACTERS} characters`,
        found: String(source.length),
      },
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const blank = match(space);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const start = at;
    const push = (kind: Token["kind"], text: string, length: number): void => {
      at = start + length;
      tokens.push({ kind, text, start, end: at });
    };
    const digits = match(number);
    const word = match(name);
    const first = source.charAt(at);
    const sign = signs[first];
    if (digits !== undefined) push("number", digits, digits.length);
    else if (word !== undefined) push("name", word, word.length);
    else if (sign !== undefined) push("sign", sign, 1);
    else if (quotes[first] !== undefined) {
      const { text, length } = quoted(source, start);
      push("string", text, length);
    } else {
      const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
      throw new ExpressionError(
        `${JSON.stringify(character)} means nothing in a target expression.`,
        { start, end: start + character.length },
        { expected: "names, numbers, labels in quotes, + − * /, parentheses and brackets" },
      );
    }
  }
  tokens.push({ kind: "end", text: "", start: source.length, end: source.length });
  return tokens;
}

/** A text in quotes; a backslash takes the character behind it as it is. */
function quoted(source: string, start: number): { readonly text: string; readonly length: number } {
  const close = quotes[source.charAt(start)];
  let text = "";
  for (let at = start + 1; at < source.length; at++) {
    const character = source.charAt(at);
    if (character === close) return { text, length: at + 1 - start };
    if (character === "\\" && at + 1 < source.length) at++;
    text += source.charAt(at);
  }
  throw new ExpressionError(
    "A quote is not closed.",
    { start, end: source.length },
    {
      expected: `${close} at the end of the name`,
      found: source.slice(start),
    },
  );
}
