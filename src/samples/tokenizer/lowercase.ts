/** Text in the form that is looked up, with the way back: each UTF-16 unit of `text` came from `starts[i]`-`ends[i]`. */
export interface MappedText {
  readonly text: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Lower case, or the text as it stands. A character may become several ("İ" becomes two); the offsets stay right. */
export function mapText(original: string, lowercase: boolean): MappedText {
  const pieces: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const character of original) {
    const piece = lowercase ? character.toLowerCase() : character;
    pieces.push(piece);
    for (let unit = 0; unit < piece.length; unit++) {
      // The two units of a surrogate pair stand for themselves, so that both forms have the same offsets.
      starts.push(at);
      ends.push(at + character.length);
    }
    at += character.length;
  }
  const joined = pieces.join("");
  // A final sigma is the one letter whose lower case depends on its neighbours; its length does not.
  const whole = lowercase ? original.toLowerCase() : original;
  return {
    text: whole.length === joined.length ? whole : joined,
    starts: Int32Array.from(starts),
    ends: Int32Array.from(ends),
  };
}
