import { html, nothing, type TemplateResult } from "lit";
import { formatShare, formatSigned, formatSignedAlike } from "../../src/protocol/format.ts";
import { theme } from "../model/theme.ts";
import type { ViewState } from "../model/viewState.ts";
import { cssVars } from "./cssVars.ts";
import { formatError } from "./readout.ts";
import type { ListedValue } from "./valueListView.ts";

/** The strongest values as bars to both sides of a line, with whiskers for the error. */
export function valueBars(
  title: string,
  items: readonly (ListedValue & { readonly position: number })[],
  deltaF: number,
  colorMap: ViewState["colorMap"],
  selected: number,
  pick: (position: number) => void,
  wide = false,
): TemplateResult {
  const limit = Math.max(...items.map(({ value, error }) => Math.abs(value) + Math.abs(error ?? 0)), 1e-12);
  const largest = Math.max(...items.map(({ value }) => Math.abs(value)), 0);
  const scale = theme().scale(colorMap);
  return html`<section class="bars ${wide ? "wide-names" : ""}" aria-label=${title}>
    <h2>${title} ${deltaF === 0 ? nothing : html`<small>share of the score change</small>`}</h2>
    <ol>${items.map(({ text, value, error, position }) => {
      const length = (Math.abs(value) / limit) * 50;
      const whisker = (Math.abs(error ?? 0) / limit) * 50;
      const end = 50 + Math.sign(value) * length;
      return html`<li class=${position === selected ? "selected" : ""} @click=${() => pick(position)}
        title="${text}: ${formatSigned(value)}${error === null ? "" : ` ${formatError(error)}`}">
        <span class="name">${text}</span>
        <span class="value-bar"><i ${cssVars({
          left: value >= 0 ? "50%" : `${50 - length}%`,
          width: `${length}%`,
          background: scale.solid(value),
        })}></i>${
          error === null
            ? nothing
            : html`<em ${cssVars({ left: `${end - whisker}%`, width: `max(2px, ${whisker * 2}%)` })}></em>`
        }</span>
        <span><b>${formatSignedAlike(value, largest)}</b> <span class="dim">${deltaF === 0 ? "" : formatShare(value / deltaF)}</span></span>
      </li>`;
    })}</ol></section>`;
}
