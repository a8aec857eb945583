/** Those whose full stop ends no sentence where a number follows. */
const numbered = new Set("no nr fig vol sec ch art p pp eq".split(" "));

/** The end of a line within a sentence: behind a word or a comma, and before a small letter. */
const wrap = /(?<=[\p{L}\p{M}\p{N},)”’"'-][^\S\r\n]{0,8})(?:\r\n|\n)(?=[^\S\r\n]*\p{Ll})/gu;

/** Longest end of a sentence that is looked at. */
const LOOK_BACK = 24;

/** A stretch of a text, UTF-16 offsets. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

const segmenter = new Intl.Segmenter("und", { granularity: "sentence" });

/** Their full stop ends no sentence; those of several languages, since a text does not say which it is in. */
const abbreviations = new Set(
  (
    "mr mrs ms dr prof st sr jr rev gen sen rep gov capt lt col sgt messrs mme mlle hr fr frl ing dipl " +
    "e.g i.e cf vs al approx resp incl bzw z.b d.h u.a p.ex fig figs eq eqs nr pp"
  ).split(" "),
);

/**
 * The sentences of a text, end to end: what follows a sentence up to the next one belongs to it. Unicode's rules (UAX 29)
 * know no abbreviations and end a sentence at every line; here a sentence goes on after "Dr." or an initial, and over the
 * end of a line where the next begins with a small letter.
 */
export function sentencesOf(text: string): readonly TextSpan[] {
  // Same length, so that offsets stay: a line of a wrapped text is no sentence.
  const unwrapped = text.replaceAll(wrap, (mark) => " ".repeat(mark.length));
  const found: { start: number; end: number }[] = [];
  for (const { segment, index } of segmenter.segment(unwrapped)) {
    const last = found.at(-1);
    const end = index + segment.length;
    if (last !== undefined && goesOn(unwrapped.slice(Math.max(last.start, last.end - LOOK_BACK), last.end), segment))
      last.end = end;
    else found.push({ start: index, end });
  }
  return found;
}

/** Whether `next` is no sentence of its own: blank, or behind a full stop that ends none. */
function goesOn(sentence: string, next: string): boolean {
  if (next.trim() === "") return true;
  if (/[\n\r]/.test(sentence)) return false;
  const word = /(?:^|[\s("'«“‘[])((?:\p{L}\.)*\p{L}+)\.\s*$/u.exec(sentence)?.[1];
  if (word === undefined) return false;
  // An initial is a capital by itself: "J. R. R. Tolkien". "I." ends a sentence more often than it is one.
  const lower = word.toLowerCase();
  if (numbered.has(lower) && /^\p{N}/u.test(next)) return true;
  return (/^\p{Lu}(?:\.\p{Lu})*$/u.test(word) && word !== "I") || abbreviations.has(lower);
}
