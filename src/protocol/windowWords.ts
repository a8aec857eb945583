import type { TextWindows } from "./explanation.ts";
import { formatCount, formatProbability, formatSigned } from "./format.ts";
import type { Link } from "./manifest.ts";

/** How a text was read, for a person: "3 windows of 512 tokens, overlap 128 (the last two 300)". */
export function windowsText({ length, overlap, ranges }: Pick<TextWindows, "length" | "overlap" | "ranges">): string {
  const [before, last] = ranges.slice(-2);
  const shared = before === undefined || last === undefined ? overlap : before.to - last.from;
  // The last one is as full as the others, so it may share more.
  const more = shared > overlap ? ` (${formatCount(shared)} for the last)` : "";
  return `${ranges.length} windows of ${formatCount(length)} tokens, overlap ${formatCount(overlap)}${more}`;
}

/** One window, counted from 0: what it reads, and what the model says there of what is explained. */
export function windowText(
  windows: TextWindows,
  index: number,
  target: { readonly label: string; readonly link: Link },
): string {
  const { ranges } = windows;
  const { from = 0, to = 0, score = null, logit = null } = ranges[index] ?? {};
  const reads = `Window ${index + 1} of ${ranges.length}: ${formatCount(to - from)} tokens of the text`;
  if (score === null || logit === null) return reads;
  const says = target.link === "logit" ? formatSigned(logit) : formatProbability(score);
  return `${reads}, ${target.label} ${says}`;
}

/** The windows that read any of these tokens, counted from 1; what stands around the text is in all of them. */
export function windowsReading({ ranges }: TextWindows, tokens: ArrayLike<number>): number[] {
  const first = ranges[0]?.from ?? 0;
  const last = ranges.at(-1)?.to ?? 0;
  const positions = Array.from(tokens);
  const around = positions.some((at) => at < first || at >= last);
  return ranges.flatMap(({ from, to }, index) =>
    around || positions.some((at) => at >= from && at < to) ? [index + 1] : [],
  );
}

/** 1, 2 and 3 as a person lists them; long stretches by their ends. */
export function listText(numbers: readonly number[]): string {
  if (numbers.length > 3) return `${numbers[0]} to ${numbers.at(-1)}`;
  return numbers.length < 2 ? numbers.join("") : `${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}
