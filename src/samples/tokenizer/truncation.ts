/** Which of two texts loses tokens where both do not fit; the names of Hugging Face's `tokenizers`, in our spelling. */
export type PairTruncation = "longest-first" | "only-first" | "only-second";

/**
 * How many tokens of two texts are kept so that both fit into `room`, by the rules of Hugging Face's `tokenizers`. Null:
 * nothing would be left of the text that alone may be cut.
 */
export function keptOfPair(
  first: number,
  second: number,
  room: number,
  strategy: PairTruncation,
): [number, number] | null {
  const over = first + second - room;
  if (over <= 0) return [first, second];
  if (strategy === "only-first") return first > over ? [first - over, second] : null;
  if (strategy === "only-second") return second > over ? [first, second - over] : null;
  if (room < 2) return null;
  const short = Math.min(first, second);
  const half = Math.floor(room / 2);
  // The shorter text stays whole where it takes less than half.
  const [less, more] = short > half ? [half, room - half] : [short, room - short];
  return first > second ? [more, less] : [less, more];
}
