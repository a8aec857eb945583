import { html, nothing, type TemplateResult } from "lit";
import { rankByStrength } from "../../src/common/mapLayout.ts";
import type { Attribution, ImageAttribution, TextAttribution } from "../../src/protocol/explanation.ts";
import { formatPercent, formatScore, formatShare, formatSigned } from "../../src/protocol/format.ts";
import type { LayersWork } from "../../src/protocol/layersPanel.ts";
import type { NeuronDetail, NeuronSources, Neurons } from "../../src/protocol/neurons.ts";
import { icon, segmented, select } from "../elements/controls.ts";
import { smallScale } from "../elements/scaleBar.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { valueBars } from "../elements/valueBars.ts";
import type { LayersView } from "../model/layersView.ts";
import { theme } from "../model/theme.ts";
import type { ValueRow } from "../table/valueTable.ts";
import { tokenRow } from "../text/tokenRow.ts";
import { gridChoices, isSameNeuron, markedInput, same, shownNeuron, textCells } from "./layerAsks.ts";
import { capital, neuronAt, neuronName, neuronNoun, valueText } from "./layerWords.ts";
import { miniLimit, miniMap } from "./miniMap.ts";
import { workNote } from "./workNote.ts";
import "../table/valueTable.ts";
import "./placeMap.ts";

const looks: readonly { value: LayersView["look"]; label: string; title: string }[] = [
  { value: "from", label: "From", title: "Which parts of the sample drive it" },
  { value: "places", label: "Where", title: "Where in the layer it carries the change" },
  { value: "activation", label: "Active", title: "Its activation at the sample" },
  { value: "own", label: "Own map", title: "Integrated Gradients of the neuron itself" },
];

const STRONGEST = 8;

/** Step 3: one neuron: who drives it, where, how active it is, its own attribution, and the samples that drive it most. */
class NeuronStep extends StoreElement {
  protected override render(): TemplateResult {
    const { view, layers } = this.store;
    const neurons = layers.neurons;
    const { neuron } = view.layers;
    const attribution = markedInput(this.store);
    const place = neurons === null || neuron === null ? null : neuronAt(neurons.nodes, neuron);
    if (neurons === null || neuron === null || place === null || attribution === null) {
      return html`<h2>3 · One neuron <small>where from</small></h2><p class="dim small">Choose a neuron to see which parts of the sample drive it.</p>`;
    }
    const noun = neuronNoun(place.node, attribution.kind);
    const title = `${capital(noun)} ${neuronName(neurons.nodes, neuron)}`;
    const value = neurons.conductance[neuron] ?? 0;
    const error = neurons.conductanceErrors[neuron] ?? 0;
    const share = neurons.deltaF === 0 ? "" : `, ${formatShare(value / neurons.deltaF)} of the change`;
    // A unit has one place, and no map of it.
    const hasPlaces = place.node.shape.length > 1;
    const shown = looks.filter(({ value: look }) => hasPlaces || look !== "places");
    const look = shown.some((each) => each.value === view.layers.look) ? view.layers.look : "from";
    return html`<h2>3 · ${title} <small>${valueText(value, error)}${share}</small></h2>
      ${segmented("What is shown of the neuron", shown, look, (wanted) => this.store.setLayers({ look: wanted }), "looks")}
      ${look === "from" ? this.#from(neurons, neuron, attribution, title) : look === "own" ? this.#own(title) : this.#places(attribution, look, title)}
      ${this.#top(noun)}`;
  }

  #again(work: LayersWork): void {
    this.dispatchEvent(new CustomEvent("pl-again", { detail: work, bubbles: true }));
  }

  #from(neurons: Neurons, neuron: number, attribution: Attribution, title: string): TemplateResult {
    const { store } = this;
    const { sources } = store.layers;
    const note = workNote(store, "sources", "Asking each part of the sample", () => this.#again("sources"));
    const fits = sources !== null && isSameNeuron(sources, shownNeuron(store)) && same(sources.layer, neurons.layer);
    const choices = attribution.kind === "image" ? gridChoices(attribution) : [];
    const sides = choices.length < 2 ? nothing : this.#sides(choices);
    if (!fits) return html`${note}${note === nothing ? html`<div class="skeleton picture"></div>` : nothing}${sides}`;
    const { values, errors } = sources;
    const sum = this.#sum(sources, neurons.conductance[neuron] ?? Number.NaN);
    const limit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const label = `Parts of the sample that drive ${title.toLowerCase()}`;
    if (store.view.table) return html`${note}${this.#table(sources)}${sum}${sides}`;
    if (attribution.kind === "image" && sources.grid !== null) {
      return html`${note}<pl-place-map .store=${store} .attribution=${attribution} .values=${values} .errors=${errors} .rows=${sources.grid.rows} .columns=${sources.grid.columns}
          label="${label}, ${sources.grid.rows} by ${sources.grid.columns}"></pl-place-map>
        ${smallScale(theme().scale(store.view.colorMap), limit)}${sum}${sides}`;
    }
    return html`${note}${attribution.kind === "text" ? this.#text(label, attribution, values, limit) : nothing}${this.#bars(sources)}${sum}`;
  }

  /** The text itself, with what each part of it gives the neuron. */
  #text(label: string, attribution: TextAttribution, values: Float32Array, limit: number): TemplateResult {
    const groups = textCells(attribution);
    const places = new Map(groups.map((group, at) => [group, at]));
    return tokenRow(groups, (group) => values[places.get(group) ?? -1] ?? 0, {
      label,
      unit: "word",
      limit,
      threshold: this.store.view.textThreshold,
      scale: theme().scale(this.store.view.colorMap),
      deltaF: 0,
      selected: -1,
      interactive: false,
      small: true,
      pick: () => undefined,
    });
  }

  /** What all of the sample gives, which the list has from derivatives in the other direction. */
  #sum(sources: NeuronSources, listed: number): TemplateResult {
    const { sum, status, completeness, evaluations, notes } = sources;
    if (status === "running") return html``;
    const off = listed === 0 ? "" : `, off by ${formatPercent(Math.abs((sum - listed) / listed))}`;
    const path =
      completeness === null
        ? `${evaluations} points of the path`
        : `${evaluations} points of the path, over which the score adds up to within ${formatPercent(completeness)}`;
    const refine = (): void => this.store.setLayers({ sourcesEvaluations: evaluations * 4 });
    return html`<p class="small" title=${path}>Adds up to ${formatSigned(sum)} of ${formatSigned(listed)}${off}</p>
      ${notes.map((text) => html`<p class="small note">${icon("info")}<span>${text}</span></p>`)}
      ${status === "budget" ? html`<button class="link" @click=${refine}>Refine</button>` : nothing}`;
  }

  #bars({ patches, values, errors }: NeuronSources): TemplateResult {
    const items = [...rankByStrength(values).order.slice(0, STRONGEST)].map((at) => ({
      index: at,
      position: at,
      text: patches[at]?.name ?? "",
      value: values[at] ?? 0,
      error: errors[at] ?? 0,
      gradient: null,
    }));
    return valueBars("Strongest", items, 0, this.store.view.colorMap, -1, () => undefined, { names: "fit" });
  }

  #table({ patches, values, errors, grid, deltaF }: NeuronSources): TemplateResult {
    const { rankOf } = rankByStrength(values);
    const columns = grid?.columns ?? 0;
    const rows: ValueRow[] = patches
      .map(({ name }, at) => ({
        index: at,
        rank: rankOf[at] ?? 0,
        place: columns > 0 ? `row ${Math.floor(at / columns) + 1}, column ${(at % columns) + 1}` : name,
        value: values[at] ?? 0,
        error: errors[at] ?? 0,
        share: deltaF === 0 ? null : (values[at] ?? 0) / deltaF,
        gradient: null,
      }))
      .sort((a, b) => a.rank - b.rank);
    return html`<pl-value-table .store=${this.store} .rows=${rows} placeTitle="Part" noun="part"></pl-value-table>`;
  }

  #sides(choices: readonly number[]): TemplateResult {
    const { grid } = this.store.view.layers;
    return html`<span class="field"><span>Grid</span>${select(
      "l-grid",
      "Grid of patches",
      choices.map((side) => ({ value: String(side), label: `${side}×${side}` })),
      String(choices.includes(grid) ? grid : choices[0]),
      (side) => this.store.setLayers({ grid: Number(side) }),
      "small",
    )}</span>`;
  }

  #places(attribution: Attribution, look: "places" | "activation", title: string): TemplateResult {
    const { store } = this;
    const detail = store.layers.detail;
    const note = workNote(store, "detail", "Reading the neuron", () => this.#again("detail"));
    if (detail === null || !isSameNeuron(detail, shownNeuron(store))) {
      return html`${note}${note === nothing ? html`<div class="skeleton picture"></div>` : nothing}`;
    }
    const values = look === "places" ? detail.conductance : detail.activation;
    const label =
      look === "places"
        ? `Where ${title.toLowerCase()} carries the change`
        : `Activation of ${title.toLowerCase()} at the sample`;
    const [rows = 1, columns = 1] = detail.places;
    const isPicture = attribution.kind === "image" && detail.places.length === 2 && rows * columns > 1;
    return html`${isPicture ? this.#map(attribution, values, rows, columns, label) : this.#list(attribution, detail, values, label)}
      ${look === "activation" ? html`<p class="small">${activationText(detail)}</p>` : nothing}`;
  }

  #map(
    attribution: ImageAttribution,
    values: Float32Array,
    rows: number,
    columns: number,
    label: string,
  ): TemplateResult {
    const limit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return html`<pl-place-map .store=${this.store} .attribution=${attribution} .values=${values} .rows=${rows} .columns=${columns} .label=${label}></pl-place-map>
      ${smallScale(theme().scale(this.store.view.colorMap), limit)}`;
  }

  #list(attribution: Attribution, { places }: NeuronDetail, values: Float32Array, label: string): TemplateResult {
    if (values.length < 2) return html``;
    // A layer that has as many places as the text has tokens has one for each.
    const tokens =
      attribution.kind === "text" && places.length === 1 && places[0] === attribution.tokens.length
        ? attribution.tokens
        : null;
    const items = [...rankByStrength(values).order.slice(0, STRONGEST)].map((at) => ({
      index: at,
      position: at,
      text: tokens?.[at]?.text ?? `place ${at}`,
      value: values[at] ?? 0,
      error: null,
      gradient: null,
    }));
    return valueBars(label, items, 0, this.store.view.colorMap, -1, () => undefined);
  }

  #own(title: string): TemplateResult {
    const { store } = this;
    const { own } = store.layers;
    const note = workNote(store, "own", "Integrated Gradients of the neuron", () => this.#again("own"));
    if (own === null || !isSameNeuron(own.neuron, shownNeuron(store))) {
      return html`${note}${note === nothing ? html`<div class="skeleton picture"></div>` : nothing}`;
    }
    const { explanation } = own;
    const limit = miniLimit(store, explanation);
    const off = explanation.completenessError.relative;
    return html`${miniMap(store, explanation, `What drives the activation of ${title.toLowerCase()}`, limit)}
      <p class="small">Adds up to ${formatSigned(explanation.sum)} of ${formatSigned(explanation.deltaF)}${off === null ? "" : `, off by ${formatPercent(off)}`}</p>`;
  }

  #top(noun: string): TemplateResult {
    const { store } = this;
    const neuron = shownNeuron(store);
    const ask = (): void => {
      const runId = store.shown?.explanation.runId;
      if (runId !== undefined && neuron !== null)
        store.post({ type: "askLayers", ask: { kind: "top", runId, neuron } });
    };
    const note = workNote(store, "top", "Looking through the samples", ask);
    const { top } = store.layers;
    const found = top !== null && isSameNeuron(top.neuron, neuron) ? top : null;
    if (found === null) {
      return html`${note}${note === nothing ? html`<button class="secondary" @click=${ask}>Samples that drive it most</button>` : nothing}`;
    }
    const hasOnePlace = found.samples.every(({ mean, largest }) => mean === largest);
    return html`<section aria-label="Samples that drive the ${noun} most"><h2 class="spaced-heading">Samples that drive it most <small>${hasOnePlace ? "activation" : "mean activation"}, ${found.asked} asked</small></h2>
      ${
        found.samples.length === 0
          ? nothing
          : html`<ol class="top-samples">${found.samples.map(
              ({
                index,
                title,
                mean,
                largest,
                shown,
              }) => html`<li><button class="link" ?disabled=${shown} title=${shown ? "This one is shown" : `Explain ${title}`}
                @click=${() => store.post({ type: "explainNeighbour", index })}>${title}</button><span>${formatScore(mean)} ${hasOnePlace ? nothing : html`<span class="dim">at most ${formatScore(largest)}</span>`}</span></li>`,
            )}</ol>`
      }
      ${found.notes.map((text) => html`<p class="dim small">${text}</p>`)}</section>`;
  }
}
customElements.define("pl-neuron", NeuronStep);

function activationText({ activation, baselineActivation }: NeuronDetail): string {
  const mean = (values: Float32Array): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  if (activation.length === 1) {
    return `${formatScore(activation[0] ?? 0)} at the sample, ${formatScore(baselineActivation[0] ?? 0)} at the baseline`;
  }
  const largest = activation.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return `Mean ${formatScore(mean(activation))}, at most ${formatScore(largest)}; at the baseline ${formatScore(mean(baselineActivation))}`;
}
