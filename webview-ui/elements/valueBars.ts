import { html, nothing, type TemplateResult } from "lit";
import { formatShare, formatSigned, formatSignedAlike } from "../../src/protocol/format.ts";
import { theme } from "../model/theme.ts";
import type { ViewState } from "../model/viewState.ts";
import { cssVars } from "./cssVars.ts";
import { formatError } from "./readout.ts";
import type { ListedValue } from "./valueListView.ts";

interface BarOptions {
  /** Names take as much of the width as the longest needs, up to nearly a half. */
  readonly names?: "narrow" | "wide" | "fit";
  /** What a bar of full length stands for, where several lists share a scale. Default: the largest value with its error. */
  readonly limit?: number;
  /** The heading stands elsewhere already; then shares are left out too. */
  readonly bare?: boolean;
}

/** The strongest values as bars to both sides of a line, with whiskers for the error. */
export function valueBars(
  title: string,
  items: readonly (ListedValue & { readonly position: number })[],
  deltaF: number,
  colorMap: ViewState["colorMap"],
  selected: number,
  pick: (position: number) => void,
  { names = "narrow", limit: shared = 0, bare = false }: BarOptions = {},
): TemplateResult {
  const own = items.map(({ value, error }) => Math.abs(value) + Math.abs(error ?? 0));
  const limit = Math.max(...(shared > 0 ? [shared] : own), 1e-12);
  const longest = Math.max(
    0,
    ...items.map(({ text, note }) => text.length + (note === undefined ? 0 : note.length + 1)),
  );
  const largest = Math.max(...items.map(({ value }) => Math.abs(value)), 0);
  const scale = theme().scale(colorMap);
  const heading = html`<h2>${title} ${deltaF === 0 ? nothing : html`<small>share of the score change</small>`}</h2>`;
  return html`<section class="bars ${names === "narrow" ? "" : `${names}-names`}" aria-label=${title}>
    ${bare ? nothing : heading}
    <ol ${cssVars({ "--names": `${longest}ch` })}>${items.map(({ text, note, value, error, position }) => {
      const length = Math.min(1, Math.abs(value) / limit) * 50;
      const whisker = (Math.abs(error ?? 0) / limit) * 50;
      const end = 50 + Math.sign(value) * length;
      return html`<li class=${position === selected ? "selected" : ""} @click=${() => pick(position)}
        title="${text}${note === undefined ? "" : ` = ${note}`}: ${formatSigned(value)}${error === null ? "" : ` ${formatError(error)}`}">
        ${
          note === undefined
            ? html`<span class="name">${text}</span>`
            : html`<span class="name noted"><span>${text}</span> <span class="dim">${note}</span></span>`
        }
        <span class="value-bar"><i ${cssVars({
          left: value >= 0 ? "50%" : `${50 - length}%`,
          width: `${length}%`,
          background: scale.solid(value),
        })}></i>${
          error === null
            ? nothing
            : html`<em ${cssVars({ left: `${end - whisker}%`, width: `max(2px, ${whisker * 2}%)` })}></em>`
        }</span>
        <span><b>${formatSignedAlike(value, largest)}</b> <span class="dim">${deltaF === 0 || bare ? "" : formatShare(value / deltaF)}</span></span>
      </li>`;
    })}</ol></section>`;
}
