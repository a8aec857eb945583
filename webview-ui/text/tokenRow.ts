import { html, nothing, type TemplateResult } from "lit";
import type { ColorScale } from "../../src/common/colorScale.ts";
import { isUncertain } from "../../src/common/mapLayout.ts";
import { formatCount, formatShare, formatSigned } from "../../src/protocol/format.ts";
import { cssVars } from "../elements/cssVars.ts";
import { formatError } from "../elements/readout.ts";
import type { TokenGroup } from "./tokenGroups.ts";

interface TokenRowLook {
  readonly label: string;
  readonly limit: number;
  readonly threshold: number;
  readonly scale: ColorScale;
  readonly deltaF: number;
  /** Position of the group that is read; -1: none can be. */
  readonly selected: number;
  readonly interactive: boolean;
  readonly small: boolean;
  pick(position: number): void;
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

/** Tokens in reading order: colour and a column above (for) or below (against) a line, so that sign is never colour alone. */
export function tokenRow(
  groups: readonly TokenGroup[],
  read: (group: TokenGroup) => number,
  look: TokenRowLook,
): TemplateResult {
  const long = groups.length > MANY;
  const reach = long ? LOW_COLUMN : COLUMN;
  const onKey = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 4, ArrowUp: -4 }[event.key];
    if (by === undefined || !look.interactive) return;
    event.preventDefault();
    event.stopPropagation();
    const far = event.shiftKey && Math.abs(by) === 1 ? by * 4 : by;
    const next = Math.max(0, Math.min(groups.length - 1, look.selected + far));
    look.pick(next);
    (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=option]")[next]?.focus();
  };
  return html`<div class="tokens ${look.small ? "small-tokens" : ""} ${long ? "long" : ""}" role="listbox" aria-orientation="horizontal" aria-label=${look.label} @keydown=${onKey}>
    ${groups.map((group, position) => {
      const value = read(group);
      const u = look.limit > 0 ? Math.max(-1, Math.min(1, value / look.limit)) : 0;
      const t = Math.abs(u);
      const shown = t >= look.threshold && t > 0;
      const place = Math.sign(u) * (0.12 + 0.8 * t);
      const uncertain =
        group.error !== null && read(group) === group.value && isUncertain(value, group.error, look.limit);
      const height = `${Math.max(1, Math.round(t * reach))}px`;
      const chosen = position === look.selected;
      const spoken = `${group.text}, ${formatSigned(value)}${group.error === null ? "" : ` ${formatError(group.error)}`}${uncertain ? ", smaller than its error" : ""}${group.special === "unknown" ? ", unknown to the tokenizer" : ""}`;
      return html`${group.gapBefore === null ? nothing : gapNote(group.gapBefore)}<button role="option" class="token ${group.breaks ? "blank" : ""} ${group.text === ONE_SPACE ? "space" : ""} ${group.spaced ? "spaced" : ""} ${group.special} ${uncertain ? "uncertain" : ""}"
        tabindex=${look.interactive && chosen ? 0 : -1} aria-selected=${chosen ? "true" : "false"} aria-label=${spoken}
        title="${spoken}${look.deltaF === 0 ? "" : `, ${formatShare(value / look.deltaF)} of the change`}"
        @click=${() => look.pick(position)}><span class="word" ${cssVars({
          background: shown ? look.scale.css(place) : "transparent",
          color: shown ? look.scale.ink(place) : "inherit",
        })}>${group.text === ONE_SPACE ? " " : group.text.replaceAll("\n", "⏎")}</span><span class="column"><i ${cssVars(
          {
            bottom: u >= 0 ? `${reach + 2}px` : "auto",
            top: u < 0 ? `${reach + 2}px` : "auto",
            height: shown ? height : "0",
            background: look.scale.solid(u),
          },
        )}></i></span></button>${group.breaks ? lineEnd(group.indent) : nothing}`;
    })}
  </div>`;
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
