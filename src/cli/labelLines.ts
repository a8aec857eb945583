import type { Explanation } from "../protocol/explanation.ts";
import { formatProbability } from "../protocol/format.ts";
import type { Colours } from "./terminal.ts";

/** What a model that labels each token says of them; none for other models. Tokens in a row with the label `O` are one line. */
export function labelLines({ positions, attributions, target }: Explanation, colour: Colours): string[] {
  const text = attributions.find((attribution) => attribution.kind === "text");
  if (positions === undefined || text?.kind !== "text") return [];
  const lines: string[] = [];
  let skipped = 0;
  const flush = (): void => {
    if (skipped > 0) lines.push(colour.dim(`        ${skipped} ${skipped === 1 ? "token" : "tokens"} labelled O`));
    skipped = 0;
  };
  for (const { position, label, score } of positions) {
    if (label === "O" && position !== target.position) {
      skipped++;
      continue;
    }
    flush();
    const token = JSON.stringify(text.tokens[position]?.text ?? "");
    const mark = position === target.position ? "▸" : " ";
    lines.push(`${mark} ${String(position).padStart(4)}  ${token.padEnd(18)} ${label} ${formatProbability(score)}`);
  }
  flush();
  return [colour.bold("Labels"), ...lines, ""];
}
