/** Most windows that one text is read in: each costs as much as a text that fits, at every point of the path. */
export const MOST_WINDOWS = 64;

/** Tokens of the text that a window reads, `to` not among them. */
export interface WindowRange {
  readonly from: number;
  readonly to: number;
}

/** What neighbouring windows share where nobody says otherwise: a quarter. */
export function usualOverlap(room: number): number {
  return Math.floor(room / 4);
}

/**
 * The windows of `room` tokens that a text of `count` tokens is read in. Each begins `room − overlap` behind the one
 * before it; the last ends where the text ends, so that it is as full as the others and shares more with its neighbour.
 * A text that fits is one window. `room` ≥ 1 and 0 ≤ `overlap` < `room`.
 */
export function windowRanges(count: number, room: number, overlap: number): WindowRange[] {
  const windows = windowCount(count, room, overlap);
  return Array.from({ length: windows }, (_, index) => {
    const from = index === windows - 1 ? Math.max(0, count - room) : index * (room - overlap);
    return { from, to: Math.min(count, from + room) };
  });
}

/** How many they are. */
export function windowCount(count: number, room: number, overlap: number): number {
  return 1 + Math.max(0, Math.ceil((count - room) / (room - overlap)));
}
