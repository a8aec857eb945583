import type { Explanation, TextAttribution } from "./explanation.ts";
import { formatScore, formatSigned } from "./format.ts";
import type { WhatIfChange, WhatIfEdit, WhatIfMeasured } from "./whatIf.ts";

/** Words for edits of a text, and for what they show of its attributions. */

const LONGEST = 36;
/** Difference between promise and measurement, of the larger of the two, above which it is told. */
const STRONG = 0.5;
/** Changes below this share of the whole change say nothing. */
const NEGLIGIBLE = 0.05;

type Texts = Pick<Explanation, "attributions">;

function textOf({ attributions }: Texts, input: string): TextAttribution | undefined {
  return attributions.find((attribution): attribution is TextAttribution => {
    return attribution.kind === "text" && attribution.input === input;
  });
}

/** The characters that tokens stand for, from the first to the last; of those without, what they are called. */
export function quotedTokens(text: TextAttribution, positions: readonly number[]): string {
  const tokens = positions.flatMap((position) => text.tokens[position] ?? []);
  const inText = tokens.filter(({ start, end }) => end > start);
  const start = Math.min(...inText.map((token) => token.start));
  const end = Math.max(...inText.map((token) => token.end));
  const said = inText.length > 0 ? text.text.slice(start, end) : tokens.map((token) => token.text).join("");
  const short = said.replaceAll(/\s+/g, " ").trim();
  return `“${short.length > LONGEST ? `${short.slice(0, LONGEST - 1).trimEnd()}…` : short}”`;
}

function changeTitle(explanation: Texts, change: WhatIfChange): string {
  const text = textOf(explanation, change.input);
  if (text === undefined) return change.kind;
  const quoted = quotedTokens(text, change.tokens);
  switch (change.kind) {
    case "blank":
      return text.blank?.kind === "mask" ? `mask ${quoted}` : `blank ${quoted} with ${text.blank?.text ?? "nothing"}`;
    case "delete":
      return `delete ${quoted}`;
    case "replace": {
      const put = change.text.length > LONGEST ? `${change.text.slice(0, LONGEST - 1)}…` : change.text;
      return `${quoted} → “${put}”`;
    }
  }
}

/** "mask “please”", "“who” → “when”, delete “please”". */
export function editTitle(explanation: Texts, edit: WhatIfEdit): string {
  return edit.map((change) => changeTitle(explanation, change)).join(", ");
}

/** What the attributions say that the score does when these tokens are gone: −Σ over them, in all of the input's texts. */
export function promiseOf({ attributions }: Texts, removed: WhatIfMeasured["removed"]): number {
  let promise = 0;
  for (const { input, tokens } of removed) {
    for (const attribution of attributions) {
      if (attribution.kind !== "text" || attribution.input !== input) continue;
      for (const position of tokens) promise -= attribution.values[position] ?? 0;
    }
  }
  return promise;
}

/** An edit that was measured. */
export interface MeasuredEdit {
  readonly edit: WhatIfEdit;
  readonly promised: number;
  /** Change of the score. */
  readonly measured: number;
}

/** The edit whose promise is furthest from what was measured, in a sentence; null where all are as promised. */
export function disagreement(
  explanation: Pick<Explanation, "attributions" | "baseline" | "deltaF" | "mapSize">,
  edits: readonly MeasuredEdit[],
): string | null {
  const whole = Math.max(Math.abs(explanation.deltaF), explanation.mapSize / 4);
  const gap = ({ promised, measured }: MeasuredEdit): number => Math.abs(promised - measured);
  const size = ({ promised, measured }: MeasuredEdit): number => Math.max(Math.abs(promised), Math.abs(measured));
  const [worst] = edits
    .filter((edit) => size(edit) > NEGLIGIBLE * whole && gap(edit) > STRONG * size(edit))
    .sort((a, b) => gap(b) - gap(a));
  if (worst === undefined) return null;
  const title = editTitle(explanation, worst.edit);
  const says = `${title.charAt(0).toUpperCase()}${title.slice(1)}: the map says ${formatSigned(worst.promised)}, the model ${formatSigned(worst.measured)}.`;
  const kinds = new Set(worst.edit.map(({ kind }) => kind));
  const text = textOf(explanation, worst.edit[0]?.input ?? "");
  const instead = kinds.has("blank")
    ? (text?.blank?.text ?? "a blank")
    : kinds.has("replace")
      ? "other words"
      : "nothing";
  const moves = kinds.has("delete") ? " what follows moves up," : "";
  return `${says} An attribution is no ablation: it compares with the baseline (${explanation.baseline.label}), here ${instead} stands in its place,${moves} and the words that are left act together.`;
}

/** An edit as text for the clipboard. */
export function editAsText(
  explanation: Pick<Explanation, "attributions" | "target">,
  edit: WhatIfEdit,
  result: WhatIfMeasured,
  original: number,
): string {
  const promised = promiseOf(explanation, result.removed);
  const { texts } = result;
  return [
    editTitle(explanation, edit),
    ...texts.map(({ name, text }) => (texts.length > 1 && name !== null ? `${name}: ${text}` : text)),
    `${explanation.target.label}: ${formatScore(original)} → ${formatScore(result.score)}; the map says ${formatSigned(promised)}, measured ${formatSigned(result.score - original)}`,
  ].join("\n");
}
