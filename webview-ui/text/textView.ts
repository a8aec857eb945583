import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { Explanation, TextAttribution } from "../../src/protocol/explanation.ts";
import { formatScore, formatShare, formatSigned } from "../../src/protocol/format.ts";
import { gradientCaption } from "../../src/protocol/verdict.ts";
import { segmented, slider } from "../elements/controls.ts";
import { formatError, type ReadoutField, readout } from "../elements/readout.ts";
import { scaleBar } from "../elements/scaleBar.ts";
import { spokenReading } from "../elements/spokenReading.ts";
import { valueBars } from "../elements/valueBars.ts";
import { ValueListView } from "../elements/valueListView.ts";
import { theme } from "../model/theme.ts";
import { isBeforeFirstMap, methodNames, plural } from "../model/words.ts";
import { type TokenGroup, tokenGroups } from "./tokenGroups.ts";
import { tokenRow } from "./tokenRow.ts";
import "../table/valueTable.ts";

const STRONGEST = 9;
const MOST_UNSEEN = 600;

/** The text with each token's value, the strongest as bars, and the plain gradient's tokens for comparison. */
class TextView extends ValueListView<TokenGroup> {
  static override properties: PropertyDeclarations = { attribution: { attribute: false } };
  declare attribution: TextAttribution;
  #inSight: number | null = null;
  #groups: { attribution: TextAttribution; unit: string; groups: readonly TokenGroup[] } | null = null;

  override get items(): readonly TokenGroup[] {
    const { unit } = this.store.view;
    if (this.#groups?.attribution !== this.attribution || this.#groups.unit !== unit) {
      this.#groups = { attribution: this.attribution, unit, groups: tokenGroups(this.attribution, unit) };
    }
    return this.#groups.groups;
  }

  /** A long text scrolls by itself: what is chosen in the list or by key comes into sight, in both rows alike. */
  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { selectedIndex } = this.store.view;
    if (selectedIndex === this.#inSight) return;
    this.#inSight = selectedIndex;
    for (const field of this.querySelectorAll<HTMLElement>(".tokens.long")) {
      const chosen = field.querySelector("[aria-selected=true]")?.getBoundingClientRect();
      if (chosen === undefined) continue;
      const seen = field.getBoundingClientRect();
      const isSeen = chosen.top >= seen.top && chosen.bottom <= seen.bottom;
      if (!isSeen) field.scrollTop += (chosen.top + chosen.bottom - seen.top - seen.bottom) / 2;
    }
  }

  override cycleGrain(): void {
    this.store.setView({ unit: this.store.view.unit === "word" ? "token" : "word" });
  }

  protected override render(): TemplateResult {
    const { shown, view } = this.store;
    const explanation = shown?.explanation;
    if (explanation === undefined) return html``;
    const noun = view.unit;
    return html`<div class="tools" role="toolbar" aria-label="Text">
        ${segmented(
          "Unit",
          [
            { value: "word", label: "Words" },
            { value: "token", label: "Tokens" },
          ] as const,
          view.unit,
          (unit) => this.store.setView({ unit }),
        )}
        ${slider("Hide below", "Hide values below, of the scale", view.textThreshold, 0.6, (textThreshold) => this.store.setView({ textThreshold }))}
      </div>
      ${
        view.table
          ? html`<pl-value-table .store=${this.store} .rows=${this.rows(explanation)} .selected=${this.selected}
              placeTitle=${noun === "word" ? "Word" : "Token"} noun=${noun}
              @pl-pick=${(event: CustomEvent<number>) => this.select(event.detail)}></pl-value-table>${this.#reading(explanation, noun)}`
          : this.#text(explanation, noun)
      }`;
  }

  #text(explanation: Explanation, noun: "word" | "token"): TemplateResult {
    const { view } = this.store;
    const { items, attribution } = this;
    const scale = theme().scale(view.colorMap);
    const look = {
      limit: this.limit,
      threshold: view.textThreshold,
      scale,
      deltaF: explanation.deltaF,
      selected: this.selected,
      pick: (position: number) => this.select(position),
    };
    const strongest = [...this.ranking.order.slice(0, STRONGEST)].map((position) => ({
      ...(items[position] as TokenGroup),
      position,
    }));
    const running = explanation.status === "running";
    return html`<h2>${methodNames[explanation.method]} <small>adds up to ${formatSigned(explanation.sum)} of ${formatSigned(explanation.deltaF)}${running ? ", still coarse" : ""}</small></h2>
      ${tokenRow(items, ({ value }) => value, { ...look, label: "Tokens with their attribution", interactive: true, small: false })}
      ${this.#unseen(attribution)}
      ${this.#reading(explanation, noun)}
      ${
        isBeforeFirstMap(explanation)
          ? nothing
          : html`<div class="two">
              ${valueBars(`Strongest ${noun}s`, strongest, explanation.deltaF, view.colorMap, this.selected, (position) => this.select(position))}
            </div>`
      }
      ${
        attribution.gradient === null || explanation.method !== "integrated-gradients"
          ? nothing
          : html`<h2 class="spaced-heading">Plain gradient <small>${
              explanation.gradientSum === null
                ? ""
                : gradientCaption(explanation.gradientSum, explanation.deltaF, explanation.target.link)
            }</small></h2>
            ${tokenRow(items, ({ gradient }) => gradient ?? 0, { ...look, label: "Tokens with what the plain gradient says", interactive: false, small: true })}`
      }`;
  }

  #reading(explanation: Explanation, noun: "word" | "token"): TemplateResult {
    const group = this.items[this.selected];
    if (group === undefined || isBeforeFirstMap(explanation)) return html``;
    const fields: ReadoutField[] = [
      { term: noun === "word" ? "Word" : "Token", value: group.text },
      {
        term: "Value",
        value: formatSigned(group.value),
        note: group.error === null ? "error not known yet" : formatError(group.error),
      },
      ...(explanation.deltaF === 0
        ? []
        : [{ term: "Share of change", value: formatShare(group.value / explanation.deltaF) }]),
      {
        term: "Rank",
        value: String(this.ranking.rankOf[this.selected] ?? 0),
        note: `of ${plural(this.items.length, noun)}`,
      },
      {
        term: group.ids.length === 1 ? "Token id" : "Token ids",
        value: group.special === "pad" ? `${group.ids[0]} ×${group.count}` : group.ids.join(" "),
        ...(group.special === "unknown" ? { note: "unknown token" } : {}),
      },
      ...(group.gradient === null ? [] : [{ term: "Plain gradient", value: formatSigned(group.gradient) }]),
    ];
    return html`<div class="reading"><div>${readout(fields)}${spokenReading(fields)}</div>
      ${scaleBar(theme().scale(this.store.view.colorMap), formatScore(this.limit, 2), explanation.target.label)}</div>`;
  }

  #unseen(attribution: TextAttribution): TemplateResult | typeof nothing {
    if (attribution.truncatedFrom === null) return nothing;
    const rest = attribution.text.slice(attribution.truncatedFrom);
    if (rest.trim() === "") return nothing;
    const shown = rest.slice(0, MOST_UNSEEN);
    const more = rest.length - shown.length;
    return html`<p class="unseen"><span class="dim small">Not seen by the model, ${plural(rest.length, "character")}:</span>
      <s>${shown}${more > 0 ? "…" : ""}</s>${more > 0 ? html` <span class="dim small">and ${more} more</span>` : nothing}</p>`;
  }
}
customElements.define("pl-text-view", TextView);
