import { html, nothing, type TemplateResult } from "lit";
import { formatScore } from "../../src/protocol/format.ts";

export interface ReadoutField {
  readonly term: string;
  readonly value: string;
  readonly note?: string;
  readonly title?: string;
}

export function formatError(error: number): string {
  return `± ${formatScore(Math.abs(error), 2)}`;
}

/** What is read stands in a fixed place; a slower copy of it is spoken (see spokenReading). */
export function readout(fields: readonly ReadoutField[]): TemplateResult {
  return html`<dl class="readout" id="readout">${fields.map(
    ({ term, value, note, title }) =>
      html`<div title=${title ?? nothing}><dt>${term}</dt><dd>${value} ${
        note === undefined ? nothing : html`<small>${note}</small>`
      }</dd></div>`,
  )}</dl>`;
}
