/** Taken off the least score of the vocabulary for a character that no piece holds, as SentencePiece does. */
const UNKNOWN_PENALTY = 10;

/**
 * The most likely pieces of a word under a unigram model (Kudo 2018, arXiv:1804.10959), found from left to right; of
 * two ways with the same score the one that was found first stays. Characters that no piece holds come one by one.
 */
export class Unigram {
  readonly #scores: ReadonlyMap<string, number>;
  readonly #longest: number;
  readonly #unknownScore: number;

  constructor(vocabulary: readonly (readonly [string, number])[]) {
    this.#scores = new Map(vocabulary);
    let longest = 0;
    let least = Number.POSITIVE_INFINITY;
    for (const [piece, score] of vocabulary) {
      longest = Math.max(longest, piece.length);
      least = Math.min(least, score);
    }
    this.#longest = longest;
    this.#unknownScore = least - UNKNOWN_PENALTY;
  }

  split(word: string): string[] {
    const best = new Float64Array(word.length + 1);
    /** Where the last piece of the best way to a place begins; -1: the place was not reached. */
    const from = new Int32Array(word.length + 1).fill(-1);
    const reach = (start: number, end: number, score: number): void => {
      const total = (best[start] ?? 0) + score;
      if (from[end] !== -1 && total <= (best[end] ?? 0)) return;
      best[end] = total;
      from[end] = start;
    };
    let start = 0;
    for (const character of word) {
      const one = start + character.length;
      const most = Math.min(word.length, start + this.#longest);
      for (let end = start + 1; end <= most; end++) {
        const score = this.#scores.get(word.slice(start, end));
        if (score !== undefined) reach(start, end, score);
      }
      if (!this.#scores.has(character)) reach(start, one, this.#unknownScore);
      start = one;
    }
    const pieces: string[] = [];
    for (let end = word.length; end > 0; end = from[end] ?? 0) pieces.push(word.slice(from[end], end));
    return pieces.reverse();
  }
}
