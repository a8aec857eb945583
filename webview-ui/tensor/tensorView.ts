import { html, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Explanation, TensorAttribution } from "../../src/protocol/explanation.ts";
import { featureName } from "../../src/protocol/featureName.ts";
import { formatGiven, formatShare, formatSigned } from "../../src/protocol/format.ts";
import { formatError, type ReadoutField, readout } from "../elements/readout.ts";
import { spokenReading } from "../elements/spokenReading.ts";
import { valueBars } from "../elements/valueBars.ts";
import { type ListedValue, ValueListView } from "../elements/valueListView.ts";
import { isBeforeFirstMap, methodNames, plural } from "../model/words.ts";
import "../table/valueTable.ts";

const STRONGEST = 24;

export function tensorItems(attribution: TensorAttribution): readonly ListedValue[] {
  const { names, sample, values, gradient, cellErrors } = attribution;
  return Array.from(values, (value, index) => ({
    index,
    text: featureName(attribution, index),
    ...(names === undefined ? {} : { note: formatGiven(sample[index] ?? 0) }),
    value,
    error: cellErrors?.[index] ?? null,
    gradient: gradient?.[index] ?? null,
  }));
}

/** The strongest features of a raw tensor as bars, and all of them as a table. */
class TensorView extends ValueListView<ListedValue> {
  static override properties: PropertyDeclarations = { attribution: { attribute: false } };
  declare attribution: TensorAttribution;
  #items: { attribution: TensorAttribution; items: readonly ListedValue[] } | null = null;

  override get items(): readonly ListedValue[] {
    if (this.#items?.attribution !== this.attribution) {
      this.#items = { attribution: this.attribution, items: tensorItems(this.attribution) };
    }
    return this.#items.items;
  }

  /** Single features are the only grain. */
  override cycleGrain(): void {}

  protected override render(): TemplateResult {
    const { shown, view } = this.store;
    const explanation = shown?.explanation;
    if (explanation === undefined) return html``;
    const { items } = this;
    const strongest = [...this.ranking.order.slice(0, STRONGEST)].map((position) => ({
      ...(items[position] as ListedValue),
      position,
    }));
    return html`<div class="tools"></div>
      <h2>${methodNames[explanation.method]} <small>adds up to ${formatSigned(explanation.sum)} of ${formatSigned(explanation.deltaF)}</small></h2>
      ${
        view.table
          ? html`<pl-value-table .store=${this.store} .rows=${this.rows(explanation)} .selected=${this.selected} placeTitle="Feature"
              noun="feature" @pl-pick=${(event: CustomEvent<number>) => this.select(event.detail)}></pl-value-table>`
          : html`<div class="features" tabindex="0" role="group" aria-label="Features, strongest first; arrow keys move the reading"
              aria-describedby="readout" @keydown=${this.#onKey}>${valueBars(
                items.length > STRONGEST ? `Strongest ${STRONGEST} of ${items.length} features` : "Features",
                strongest,
                explanation.deltaF,
                view.colorMap,
                this.selected,
                (position) => this.select(position),
                { names: "fit" },
              )}</div>`
      }
      ${this.#reading(explanation)}`;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const by = ({ ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 } as const)[event.key as "ArrowDown"];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.step(by);
  };

  #reading(explanation: Explanation): TemplateResult {
    const position = this.selected;
    const item = this.items[position];
    if (item === undefined || isBeforeFirstMap(explanation)) return html``;
    const fields: ReadoutField[] = [
      { term: "Feature", value: item.text },
      { term: "In the sample", value: formatGiven(this.attribution.sample[item.index] ?? 0) },
      {
        term: "Value",
        value: formatSigned(item.value),
        note: item.error === null ? "error not known yet" : formatError(item.error),
      },
      ...(explanation.deltaF === 0
        ? []
        : [{ term: "Share of change", value: formatShare(item.value / explanation.deltaF) }]),
      {
        term: "Rank",
        value: String(this.ranking.rankOf[position] ?? 0),
        note: `of ${plural(this.items.length, "feature")}`,
      },
      ...(item.gradient === null ? [] : [{ term: "Plain gradient", value: formatSigned(item.gradient) }]),
    ];
    return html`<div class="reading"><div>${readout(fields)}${spokenReading(fields)}</div></div>`;
  }
}
customElements.define("pl-tensor-view", TensorView);
