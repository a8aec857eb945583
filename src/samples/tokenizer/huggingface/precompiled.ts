import { AlignedBuilder, type AlignedText } from "./alignedText.ts";

/**
 * SentencePiece's character map: a double-array trie of UTF-8 keys, each with the place of its replacement in a list of
 * texts that end with a zero byte. Of a key's prefixes in the trie the shortest counts, and a cluster of characters is
 * looked up as a whole only where it has fewer than six bytes, as in Hugging Face's reader of the same map.
 */
export function precompiledNormalizer(map: Buffer): (source: AlignedText) => AlignedText {
  const size = map.length < 4 ? 0 : map.readUInt32LE(0);
  if (size % 4 !== 0 || 4 + size > map.length) throw new RangeError("The character map is damaged.");
  const units = Uint32Array.from({ length: size / 4 }, (_, index) => map.readUInt32LE(4 + 4 * index));
  const texts = map.subarray(4 + size);
  const encoder = new TextEncoder();
  const known = new Map<string, string | null>();

  const lookUp = (key: string): string | null => {
    const cached = known.get(key);
    if (cached !== undefined) return cached;
    const place = shortestPrefix(units, encoder.encode(key));
    const end = place === null ? -1 : texts.indexOf(0, place);
    const found = place === null ? null : texts.toString("utf8", place, end === -1 ? texts.length : end);
    known.set(key, found);
    return found;
  };

  return (source) => {
    const whole = new AlignedBuilder();
    const clusters = new Intl.Segmenter("en", { granularity: "grapheme" });
    for (const { segment, index } of inParts(source.text, clusters)) {
      const together = Buffer.byteLength(segment) < 6 ? lookUp(segment) : null;
      if (together !== null) {
        whole.replace(source, index, index + segment.length, together);
        continue;
      }
      let at = index;
      for (const character of segment) {
        whole.replace(source, at, at + character.length, lookUp(character) ?? character);
        at += character.length;
      }
    }
    return whole.done();
  };
}

/**
 * Parts end before a letter or a symbol: no cluster short enough to be looked up as a whole has one behind its first
 * character, but for Hangul's letters and what follows a formatting character.
 */
const part =
  /[\s\S]{600,}?(?<!\p{Cf})(?=[\x20-\x7e\p{So}]|(?![\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff])\p{L})|[\s\S]+/gu;

/** The clusters of a text, a part at a time: the time for one part grows with the square of its length. */
function* inParts(
  text: string,
  segmenter: Intl.Segmenter,
): Generator<{ readonly segment: string; readonly index: number }> {
  for (const match of text.matchAll(part)) {
    for (const { segment, index } of segmenter.segment(match[0])) yield { segment, index: match.index + index };
  }
}

/** The value of the shortest key that `bytes` begin with; null: none. Darts-clone's layout of a unit. */
function shortestPrefix(units: Uint32Array, bytes: Uint8Array): number | null {
  const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
  let place = offsetOf(units[0] ?? 0);
  for (const byte of bytes) {
    if (byte === 0) return null;
    place ^= byte;
    const unit = units[place] ?? 0;
    // The label, with the bit that marks a value, must be the byte.
    if ((unit & 0x800000ff) >>> 0 !== byte) return null;
    place ^= offsetOf(unit);
    if ((unit & 0x100) !== 0) return (units[place] ?? 0) & 0x7fffffff;
  }
  return null;
}
