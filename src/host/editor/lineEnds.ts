import { WrittenText } from "./writtenText.ts";

const RETURN = 0x0d;
const FEED = 0x0a;

/** Length of the line end at an offset: \r\n, \r or \n; 0: there is none. */
function lineEndAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === FEED) return 1;
  return code !== RETURN ? 0 : text.charCodeAt(at + 1) === FEED ? 2 : 1;
}

/**
 * Where `text` is written in `source` from `from` on, its line ends being whatever they are there: an editor has one kind
 * of line end in a document, the file need not. Null: it is another text. `whole`: nothing may follow it.
 */
export function sameButLineEnds(text: string, source: string, from = 0, whole = true): WrittenText | null {
  const written = new WrittenText();
  let at = 0;
  let there = from;
  let plain = 0;
  const copyPlain = (): void => {
    written.copy(text.slice(plain, at), there - (at - plain));
  };
  while (at < text.length) {
    const ends = lineEndAt(text, at);
    if (ends === 0) {
      if (text.charCodeAt(at) !== source.charCodeAt(there)) return null;
      at++;
      there++;
      continue;
    }
    const thereEnds = lineEndAt(source, there);
    if (thereEnds === 0) return null;
    copyPlain();
    written.stand(text.slice(at, at + ends), there, thereEnds);
    at += ends;
    there += thereEnds;
    plain = at;
  }
  copyPlain();
  return whole && there !== source.length ? null : written;
}

/** Where the last part of `source` begins that could be `text` but for line ends; null: it is shorter. */
export function startFromEnd(text: string, source: string): number | null {
  let there = source.length;
  for (let at = text.length; at > 0; ) {
    if (there === 0) return null;
    const isLineEnd = (of: string, before: number): boolean => lineEndAt(of, before - 1) > 0;
    const pair = (of: string, before: number): boolean =>
      of.charCodeAt(before - 1) === FEED && before > 1 && of.charCodeAt(before - 2) === RETURN;
    const steps = isLineEnd(text, at) && pair(text, at) ? 2 : 1;
    const thereSteps = isLineEnd(source, there) && pair(source, there) ? 2 : 1;
    at -= steps;
    there -= thereSteps;
  }
  return there;
}
