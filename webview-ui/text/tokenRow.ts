import { html, nothing, type TemplateResult } from "lit";
import type { ColorScale } from "../../src/common/colorScale.ts";
import { isUncertain } from "../../src/common/mapLayout.ts";
import { formatCount, formatShare, formatSigned, formatSignedAlike } from "../../src/protocol/format.ts";
import { cssVars } from "../elements/cssVars.ts";
import { formatError } from "../elements/readout.ts";
import { isAdded, type TextUnit, type TokenGroup } from "./tokenGroups.ts";

export interface TokenRowLook {
  readonly label: string;
  readonly unit: TextUnit;
  readonly direction?: "ltr" | "rtl";
  readonly limit: number;
  readonly threshold: number;
  readonly scale: ColorScale;
  readonly deltaF: number;
  /** Position of the group that is read; -1: none can be. */
  readonly selected: number;
  /** Position of the first group of this row, where several rows are one list. */
  readonly first?: number;
  readonly interactive: boolean;
  readonly small: boolean;
  /** What is said of a window of the text, counted from 0. */
  windowTitle?(window: number): string;
  pick(position: number): void;
  /** Arrows: by how many groups. */
  move?(by: number): void;
  /** Enter on a group. */
  enter?(): void;
}

/** Height of a column above or below the line at the end of the scale, in pixels; of many tokens the second. */
const COLUMN = 11;
const LOW_COLUMN = 6;

/** From here on the tokens stand closer and scroll in a field of their own, so that the reading below stays in sight. */
const MANY = 150;

/** Deeper code is not moved further in. */
const MOST_INDENT = 32;

/** Its mark is for lists and for the ear; between words it only clutters the line. */
const ONE_SPACE = "␣";

/** How one group is painted on the scale. */
interface Paint {
  /** −1 to 1. */
  readonly u: number;
  readonly shown: boolean;
  readonly place: number;
  readonly uncertain: boolean;
  readonly spoken: string;
  readonly title: string;
}

function paintOf(group: TokenGroup, value: number, look: TokenRowLook): Paint {
  const u = look.limit > 0 ? Math.max(-1, Math.min(1, value / look.limit)) : 0;
  const t = Math.abs(u);
  const uncertain = group.error !== null && value === group.value && isUncertain(value, group.error, look.limit);
  const spoken = `${group.text}, ${formatSigned(value)}${group.error === null ? "" : ` ${formatError(group.error)}`}${uncertain ? ", smaller than its error" : ""}${group.special === "unknown" ? ", unknown to the tokenizer" : ""}`;
  return {
    u,
    shown: t >= look.threshold && t > 0,
    place: Math.sign(u) * (0.12 + 0.8 * t),
    uncertain,
    spoken,
    title: look.deltaF === 0 ? spoken : `${spoken}, ${formatShare(value / look.deltaF)} of the change`,
  };
}

/**
 * Text in reading order. Tokens and words: colour and a column above (for) or below (against) a line; sentences: running
 * text with the number in front. So sign is never colour alone.
 */
export function tokenRow(
  groups: readonly TokenGroup[],
  read: (group: TokenGroup) => number,
  look: TokenRowLook,
): TemplateResult {
  const isRunning = look.unit === "sentence";
  const long = groups.length > MANY;
  const forward = look.direction === "rtl" ? -1 : 1;
  const onKey = (event: KeyboardEvent): void => {
    if (!look.interactive) return;
    if (event.key === "Enter" && look.enter !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      look.enter();
      return;
    }
    const rows = isRunning ? 1 : 4;
    const by = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: rows, ArrowUp: -rows }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    look.move?.(event.shiftKey && Math.abs(by) === 1 ? by * 4 : by);
  };
  const size = isRunning ? "sentences" : `${look.small ? "small-tokens" : ""} ${long ? "long" : ""}`;
  return html`<div class="tokens ${size}" role="listbox" dir=${look.direction ?? "ltr"} aria-orientation="horizontal" aria-label=${look.label} @keydown=${onKey}>
    ${groups.map((group, at) => {
      const position = at + (look.first ?? 0);
      const value = read(group);
      const paint = paintOf(group, value, look);
      return isRunning
        ? sentence(group, position, value, paint, look)
        : token(group, position, paint, look, long ? LOW_COLUMN : COLUMN);
    })}
  </div>`;
}

function token(
  group: TokenGroup,
  position: number,
  { u, shown, place, uncertain, spoken, title }: Paint,
  look: TokenRowLook,
  reach: number,
): TemplateResult {
  const height = `${Math.max(1, Math.round(Math.abs(u) * reach))}px`;
  const chosen = position === look.selected;
  return html`${group.gapBefore === null ? nothing : gapNote(group.gapBefore)}${bounds(group.begins, "begins", look)}<button role="option" class="token ${group.breaks ? "blank" : ""} ${group.text === ONE_SPACE ? "space" : ""} ${group.spaced ? "spaced" : ""} ${group.special} ${uncertain ? "uncertain" : ""}"
    data-position=${position} tabindex=${look.interactive && chosen ? 0 : -1} aria-selected=${chosen ? "true" : "false"} aria-label=${spoken} title=${title}
    @click=${() => look.pick(position)}><span class="word" ${cssVars({
      background: shown ? look.scale.css(place) : "transparent",
      color: shown ? look.scale.ink(place) : "inherit",
    })}>${group.text === ONE_SPACE ? " " : group.text.replaceAll("\n", "⏎")}</span><span class="column"><i ${cssVars({
      bottom: u >= 0 ? `${reach + 2}px` : "auto",
      top: u < 0 ? `${reach + 2}px` : "auto",
      height: shown ? height : "0",
      background: look.scale.solid(u),
    })}></i></span></button>${bounds(group.ends, "ends", look)}${group.breaks ? lineEnd(group.indent) : nothing}`;
}

/** No button: one would not flow over the ends of lines. */
function sentence(
  group: TokenGroup,
  position: number,
  value: number,
  { shown, place, uncertain, spoken, title }: Paint,
  look: TokenRowLook,
): TemplateResult {
  const chosen = position === look.selected;
  const shownText = group.text.trimEnd();
  // Where blank space is part of the tokens, the sentence has the end of its line itself.
  const endsLine = /[\n\r]/.test(group.text.slice(shownText.length));
  return html`${group.gapBefore === null ? nothing : gapNote(group.gapBefore)}${group.startsLine ? html`<br />` : nothing}${bounds(group.begins, "begins", look)}<span role="option" class="sentence ${isAdded(group) ? "added-mark" : ""} ${uncertain ? "uncertain" : ""}"
    data-position=${position} tabindex=${look.interactive && chosen ? 0 : -1} aria-selected=${chosen ? "true" : "false"} aria-label=${spoken} title=${title}
    @click=${() => look.pick(position)}><b>${formatSignedAlike(value, look.limit, 2)}</b> <span ${cssVars({
      background: shown ? look.scale.css(place) : "transparent",
      color: shown ? look.scale.ink(place) : "inherit",
    })}>${shownText}</span></span>${bounds(group.ends, "ends", look)} ${endsLine ? html`<br />` : nothing}`;
}

/** Where windows begin or end: a line with their numbers. */
function bounds(
  windows: readonly number[],
  what: "begins" | "ends",
  look: TokenRowLook,
): TemplateResult | typeof nothing {
  if (windows.length === 0 || look.small) return nothing;
  const said = windows
    .map((window) => `${look.windowTitle?.(window) ?? `Window ${window + 1}`}, ${what} here`)
    .join("\n");
  return html`<span class="window-bound ${what}" role="note" aria-label=${said} title=${said}>${windows.map((window) => window + 1).join(" ")}</span>`;
}

function lineEnd(indent: number): TemplateResult {
  return html`<span class="line-end" role="presentation"></span>${
    indent === 0
      ? nothing
      : html`<span class="indent" role="presentation" ${cssVars({ width: `${Math.min(indent, MOST_INDENT)}ch` })}></span>`
  }`;
}

function gapNote(bytes: number): TemplateResult {
  return html`<span class="gap" role="note">⋯ the model does not see these ${formatCount(bytes)} bytes ⋯</span>`;
}
