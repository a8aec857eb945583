import { html, nothing, type TemplateResult } from "lit";
import type { Explanation, TextAttribution } from "../../src/protocol/explanation.ts";
import { windowsText } from "../../src/protocol/windowWords.ts";
import type { PanelStore } from "../model/panelStore.ts";
import { plural } from "../model/words.ts";
import { fieldsOf } from "./tokenGroups.ts";

const MOST_UNSEEN = 600;

/** A field of a text of an explanation, among all its texts. */
export interface ReadField {
  readonly text: TextAttribution;
  readonly field: number;
  readonly texts: readonly TextAttribution[];
  readonly explanation: Explanation;
}

/** How a field was read that is longer than the model takes, and what reads it the other way. */
export function howRead(store: PanelStore, read: ReadField): TemplateResult | typeof nothing {
  const { text, field } = read;
  const fields = fieldsOf(text);
  const { start = 0, end = 0, truncatedFrom } = fields[field] ?? {};
  const { windows } = text;
  if (windows !== undefined) {
    const first = text.tokens[windows.ranges[0]?.from ?? 0]?.start ?? 0;
    // Of a pair, one text is in windows.
    return first >= start && first < end ? inWindows(store, windowsText(windows)) : nothing;
  }
  const from = truncatedFrom ?? (fields.length === 1 ? text.truncatedFrom : null);
  if (from === null) return nothing;
  const rest = text.text.slice(from, end);
  if (rest.trim() === "") return nothing;
  const shown = rest.slice(0, MOST_UNSEEN);
  const more = rest.length - shown.length;
  return html`<p class="unseen"><span class="dim small">Not seen by the model, ${plural(rest.length, "character")}:</span>
    <s>${shown}${more > 0 ? "…" : ""}</s>${more > 0 ? html` <span class="dim small">and ${more} more</span>` : nothing}${
      store.readOnly || !takesWindows(read)
        ? nothing
        : html` <button class="link" data-action="windows" title="Read the whole text in windows that overlap; what is explained is then the mean of the score over them"
          @click=${() => store.post({ type: "set", settings: { long: { kind: "windows" } } })}>Read all of it, in windows</button>`
    }</p>`;
}

function inWindows(store: PanelStore, what: string): TemplateResult {
  return html`<p class="unseen windows"><span class="dim small">Longer than the model takes: read in ${what}. The score is the mean over them.</span>${
    store.readOnly
      ? nothing
      : html` <button class="link" data-action="cut" title="Let the model see the start of the text alone"
        @click=${() => store.post({ type: "set", settings: { long: { kind: "cut" } } })}>Read its start alone</button>`
  }</p>`;
}

/** Whether a mean over windows means anything: not where single positions are explained, or two texts by one encoder. */
function takesWindows({ text, texts, explanation: { positions, produced } }: ReadField): boolean {
  const isTwin = texts.length === 2 && texts.every(({ input }) => /^[ab]\//.test(input));
  return positions === undefined && produced === undefined && text.gap === null && !isTwin;
}
