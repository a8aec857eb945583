import type { TextWindows } from "./explanation.ts";
import { formatCount } from "./format.ts";

/** How a text was read, for a person: "3 windows of 512 tokens, overlap 128 (the last two 300)". */
export function windowsText({ length, overlap, ranges }: Pick<TextWindows, "length" | "overlap" | "ranges">): string {
  const [before, last] = ranges.slice(-2);
  const shared = before === undefined || last === undefined ? overlap : before.to - last.from;
  // The last one is as full as the others, so it may share more.
  const more = shared > overlap ? ` (${formatCount(shared)} for the last)` : "";
  return `${ranges.length} windows of ${formatCount(length)} tokens, overlap ${formatCount(overlap)}${more}`;
}
