import { WrittenText } from "./editor/writtenText.ts";

/** String literals of the languages that people train and call models in, found on one line without a parser. */

export interface StringLiteral {
  /** UTF-16 offsets in the line; the quotes lie outside. */
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

const LONGEST_LINE = 2000;
const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
};

/** Resolves \n, \t, \xHH, \uHHHH, \u{…}, and a backslash before anything else. */
export function resolveEscapes(text: string): string {
  return writtenEscapes(text, 0).text;
}

/** What {@link resolveEscapes} makes of a text that stands at `offset`, with where each character is written. */
function writtenEscapes(text: string, offset: number): WrittenText {
  const written = new WrittenText();
  const pattern = /\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r?\n|([\s\S]))/g;
  let plain = 0;
  for (const match of text.matchAll(pattern)) {
    const [all, braced, four, two, one] = match;
    written.copy(text.slice(plain, match.index), offset + plain);
    plain = match.index + all.length;
    const digits = braced ?? four ?? two;
    const code = digits === undefined ? undefined : Number.parseInt(digits, 16);
    const stands =
      code === undefined
        ? one === undefined
          ? ""
          : (escapes[one] ?? one)
        : code <= 0x10ffff
          ? String.fromCodePoint(code)
          : "\ufffd";
    written.stand(stands, offset + match.index, all.length);
  }
  return written.copy(text.slice(plain), offset + plain);
}

/** The literal of '…', "…" or `…` that holds the character at `column`, or undefined. */
export function literalAt(line: string, column: number): StringLiteral | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  let i = 0;
  while (i < line.length && i <= column) {
    const quote = line.charAt(i);
    if (quote !== '"' && quote !== "'" && quote !== "`") {
      i++;
      continue;
    }
    let end = i + 1;
    while (end < line.length && line.charAt(end) !== quote) end += line.charAt(end) === "\\" ? 2 : 1;
    if (end >= line.length) {
      // An apostrophe in a comment, not a literal: go on behind it.
      i++;
      continue;
    }
    if (column >= i && column <= end) {
      const raw = isRaw(line, i);
      const inner = line.slice(i + 1, end);
      return { start: i + 1, end, value: raw ? inner : resolveEscapes(inner) };
    }
    i = end + 1;
  }
  return undefined;
}

/** Python's r"…" and br"…". */
function isRaw(line: string, quote: number): boolean {
  return /(?:^|[^\w])(?:r|rb|br|R|Rb|bR|RB|BR|f?r|rf)$/.test(line.slice(Math.max(0, quote - 4), quote));
}

/** A selection as the text that it stands for: one whole literal loses its prefix and quotes and has its escapes resolved. */
export function textOfSelection(selected: string): string {
  return writtenSelection(selected, 0).text;
}

/** The same, with where each character is written; the selection begins at `offset`. */
export function writtenSelection(selected: string, offset: number): WrittenText {
  const literal = wholeLiteral(selected);
  if (literal === null) return new WrittenText().copy(selected, offset);
  const { start, inner, raw } = literal;
  return raw ? new WrittenText().copy(inner, offset + start) : writtenEscapes(inner, offset + start);
}

/** Whether a selection is one whole literal, blank space around it left aside. */
export function isLiteral(selected: string): boolean {
  return wholeLiteral(selected) !== null;
}

function wholeLiteral(selected: string): { start: number; inner: string; raw: boolean } | null {
  const trimmed = selected.trim();
  const match = /^(?<prefix>[A-Za-z]{0,2})(?<quote>"""|'''|"|'|`)(?<inner>[\s\S]*)\k<quote>$/.exec(trimmed);
  const { prefix = "", quote = "", inner } = match?.groups ?? {};
  if (inner === undefined || hasUnescaped(inner, quote)) return null;
  return { start: selected.indexOf(trimmed) + prefix.length + quote.length, inner, raw: /r/i.test(prefix) };
}

function hasUnescaped(inner: string, quote: string): boolean {
  for (let i = 0; i < inner.length; i++) {
    if (inner.charAt(i) === "\\") i++;
    else if (inner.startsWith(quote, i)) return true;
  }
  return false;
}
