import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { formatShare, formatSigned, formatSignedAlike } from "../../src/protocol/format.ts";
import type { Neurons } from "../../src/protocol/neurons.ts";
import { icon } from "../elements/controls.ts";
import { cssVars } from "../elements/cssVars.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { forOtherNeuron } from "../model/layersView.ts";
import { theme } from "../model/theme.ts";
import { Unchanged } from "../model/unchanged.ts";
import { plural } from "../model/words.ts";
import { markedInput } from "./layerAsks.ts";
import { capital, neuronName, neuronNoun, valueText } from "./layerWords.ts";
import { DIFFERENCE, knownRank, patchRow, type RankedNeurons, rankNeurons, searched, WHOLE } from "./neuronRanking.ts";

const ROW = 24;
const SEEN_ROWS = 12;
/** Rows drawn above and below what is seen. */
const SPARE = 6;
const TOP_TICKS = 10;

/**
 * Step 2: the neurons of the layer, strongest first, with what each patch gives them. Only the rows in sight are drawn,
 * since a layer may have thousands. One tab stop: arrows move, Space ticks, Enter shows where it comes from.
 */
class NeuronList extends StoreElement {
  static override properties: PropertyDeclarations = {
    neurons: { attribute: false },
    top: { state: true },
    at: { state: true },
  };
  declare neurons: Neurons;
  /** First row in sight. */
  top = 0;
  /** Row that Tab comes to. */
  at = 0;
  readonly #same = new Unchanged();
  #ranked: RankedNeurons | null = null;
  #rows = new Uint32Array(0);

  #read(): RankedNeurons {
    const { rank, search } = this.store.view.layers;
    if (!this.#same.check(this.neurons, rank, search) || this.#ranked === null) {
      this.#ranked = rankNeurons(this.neurons, rank);
      this.#rows = searched(this.#ranked.order, this.neurons.nodes, search) as Uint32Array<ArrayBuffer>;
    }
    return this.#ranked;
  }

  get #noun(): string {
    const [node] = this.neurons.nodes;
    return node === undefined ? "neuron" : neuronNoun(node, markedInput(this.store)?.kind ?? null);
  }

  protected override render(): TemplateResult {
    const ranked = this.#read();
    const { view } = this.store;
    const rank = knownRank(this.neurons, view.layers.rank);
    const count = this.neurons.conductance.length;
    const rows = this.#rows;
    const at = Math.min(this.at, Math.max(0, rows.length - 1));
    const first = Math.max(0, Math.min(this.top, rows.length - SEEN_ROWS) - SPARE);
    const last = Math.min(rows.length, first + SEEN_ROWS + 2 * SPARE);
    const [a = "A", b = "B"] = this.neurons.patches.map(({ name }) => name);
    const by = rank === WHOLE ? "the whole sample" : rank === DIFFERENCE ? `${a} rather than ${b}` : rank;
    const columns = this.neurons.patches.map(({ name }) => name);
    return html`<div class="row step-head"><h2>2 · Neurons driven by ${by} <small>strongest of ${count}</small></h2><span class="spring"></span>
        <input type="search" inputmode="numeric" aria-label="Find a ${this.#noun} by its number" placeholder="number" .value=${view.layers.search}
          @input=${(event: Event) => this.#search((event.target as HTMLInputElement).value)} /></div>
      <div class="neurons" role="grid" aria-label="${capital(this.#noun)}s, strongest first" aria-rowcount=${rows.length + 1} @keydown=${this.#onKey}
        ${cssVars({ "--patches": String(columns.length), "--name": `${this.#nameLength()}ch` })}>
        <div role="row" class="neuron head" aria-rowindex="1"><span role="columnheader"><span class="hidden">Ticked</span></span><span role="columnheader">${capital(this.#noun)}</span>
          <span role="columnheader">${rank === DIFFERENCE ? `${a} − ${b}` : `From ${by}`}</span><span role="columnheader" class="right wide-only">Share</span>
          ${columns.map((name) => html`<span role="columnheader" class="right">${name}</span>`)}<span role="columnheader" class="right">All</span></div>
        <div class="rows" role="rowgroup" tabindex="-1" @scroll=${this.#onScroll} ${cssVars({ "max-height": `${SEEN_ROWS * ROW}px` })}>
          <div role="presentation" class="all" ${cssVars({ height: `${rows.length * ROW}px` })}>
          ${Array.from({ length: last - first }, (_, i) => this.#row(ranked, first + i, first + i === at))}</div></div>
      </div>
      ${rows.length === 0 ? html`<p class="dim small">No ${this.#noun} has that number.</p>` : nothing}
      ${this.#ticks(ranked)}`;
  }

  /** Of the longest name in a layer, as rows are laid out one by one. */
  #nameLength(): number {
    const { nodes } = this.neurons;
    const lengths = nodes.map(({ id, count }) => String(count - 1).length + (nodes.length > 1 ? id.length + 1 : 0));
    return Math.min(24, Math.max(8, this.#noun.length + 1, ...lengths));
  }

  #row(ranked: RankedNeurons, row: number, isStop: boolean): TemplateResult {
    const neuron = this.#rows[row] ?? 0;
    const { neuron: shown, ticked, rank } = this.store.view.layers;
    const { neurons } = this;
    const value = ranked.values[neuron] ?? 0;
    const error = ranked.errors[neuron] ?? 0;
    const isTicked = ticked.includes(neuron);
    const name = neuronName(neurons.nodes, neuron);
    const uncertain = isNoise(value, error);
    const largest = Math.max(Math.abs(ranked.low), Math.abs(ranked.high));
    const finite = Number.isFinite(value);
    const share = neurons.deltaF === 0 || !finite ? null : value / neurons.deltaF;
    const chosen = knownRank(neurons, rank);
    const whole = neurons.conductance[neuron] ?? 0;
    const said = !finite
      ? `${capital(this.#noun)} ${name}, not finite somewhere on the path, left out of all sums`
      : `${capital(this.#noun)} ${name}, ${valueText(value, error)}${uncertain ? ", smaller than its error" : ""}` +
        `${share === null ? "" : `, ${formatShare(share)} of the change`}; ${neurons.patches.map((patch, at) => `${patch.name} ${formatSigned(patchRow(neurons, at)[neuron] ?? 0)}`).join(", ")}${neurons.patches.length > 0 ? ", " : ""}all ${formatSigned(whole)}${isTicked ? ", ticked" : ""}`;
    return html`<div role="row" class="neuron ${neuron === shown ? "shown" : ""}" aria-rowindex=${row + 2} data-row=${row} data-neuron=${neuron} tabindex=${isStop ? 0 : -1}
      aria-selected=${neuron === shown ? "true" : "false"} aria-label=${said} ${cssVars({ top: `${row * ROW}px` })} @click=${() => this.#show(row)} @focus=${() => {
        this.at = row;
      }}>
      <span role="gridcell"><label class="check" @click=${(event: Event) => event.stopPropagation()}><input type="checkbox" tabindex="-1" aria-label="Tick ${name}" .checked=${isTicked} @change=${() => this.#tick(neuron)} /><span class="box">${icon("check")}</span></label></span>
      <span role="gridcell" class="number">${name}</span>
      <span role="gridcell">${finite ? signedBar(ranked, value, error, theme().scale(this.store.view.colorMap).solid(value)) : html`<span class="dim">not finite</span>`}</span>
      <span role="gridcell" class="right wide-only dim">${share === null ? "–" : formatShare(share)}</span>
      ${neurons.patches.map((patch, at) => {
        const own = patchRow(neurons, at)[neuron] ?? 0;
        return html`<span role="gridcell" class="right">${patch.name === chosen ? html`<b>${figure(own, largest)}</b>` : figure(own, largest)}</span>`;
      })}
      <span role="gridcell" class="right">${chosen === WHOLE ? html`<b>${figure(whole, largest)}</b>` : figure(whole, largest)}</span></div>`;
  }

  #ticks(ranked: RankedNeurons): TemplateResult {
    const { ticked } = this.store.view.layers;
    const top = Math.min(TOP_TICKS, this.#rows.length);
    const total = ticked.reduce((sum, neuron) => sum + (ranked.values[neuron] ?? 0), 0);
    return html`<p class="row small ticks"><span class="dim">${
      ticked.length === 0
        ? html`<kbd>Space</kbd> ticks, <kbd>Enter</kbd> shows where it comes from`
        : `${plural(ticked.length, this.#noun)} ticked, together ${formatSigned(total)}`
    }</span><span class="spring"></span>
      <button class="link" @click=${() => this.store.setLayers({ ticked: [...this.#rows.slice(0, top)] })}>Tick the first ${top}</button>
      ${ticked.length === 0 ? nothing : html`<button class="link" @click=${() => this.store.setLayers({ ticked: [] })}>Untick all</button>`}</p>`;
  }

  #search(search: string): void {
    this.at = 0;
    this.top = 0;
    this.store.setLayers({ search });
  }

  #show(row: number): void {
    const neuron = this.#rows[row];
    if (neuron === undefined) return;
    this.at = row;
    this.store.setLayers(forOtherNeuron(neuron));
  }

  #tick(neuron: number): void {
    const { ticked } = this.store.view.layers;
    const next = ticked.includes(neuron) ? ticked.filter((other) => other !== neuron) : [...ticked, neuron];
    this.store.setLayers({ ticked: next });
  }

  readonly #onScroll = (event: Event): void => {
    this.top = Math.floor((event.currentTarget as HTMLElement).scrollTop / ROW);
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const rows = this.#rows.length;
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: SEEN_ROWS, PageUp: -SEEN_ROWS, Home: -rows, End: rows }[
      event.key
    ];
    if (event.target instanceof HTMLInputElement || rows === 0) return;
    if (by !== undefined) this.#move(Math.max(0, Math.min(rows - 1, this.at + by)));
    else if (event.key === " ") this.#tick(this.#rows[this.at] ?? 0);
    else if (event.key === "Enter") this.#show(this.at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** Brings the row into sight first: one that is not drawn cannot have the focus. */
  #move(row: number): void {
    this.at = row;
    const field = this.querySelector<HTMLElement>(".rows");
    if (field === null) return;
    const seen = Math.max(1, Math.floor(field.clientHeight / ROW));
    const top = Math.floor(field.scrollTop / ROW);
    if (row < top) field.scrollTop = row * ROW;
    else if (row >= top + seen) field.scrollTop = (row - seen + 1) * ROW;
    this.top = Math.floor(field.scrollTop / ROW);
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>(`[data-row="${row}"]`)?.focus({ preventScroll: true }),
    );
  }
}
customElements.define("pl-neurons", NeuronList);

/** The error of a first draft is as large as the value. */
function isNoise(value: number, error: number): boolean {
  return error > 0 && Math.abs(value) <= error;
}

function figure(value: number, largest: number): string {
  return Number.isFinite(value) ? formatSignedAlike(value, largest) : "–";
}

/** A bar to the right or the left of nought, with its error; hatched where it is smaller than that. */
function signedBar({ low, high }: RankedNeurons, value: number, error: number, color: string): TemplateResult {
  const span = high - low || 1;
  const zero = (-low / span) * 100;
  const length = (Math.abs(value) / span) * 100;
  const end = zero + (value / span) * 100;
  const whisker = (Math.abs(error) / span) * 100;
  return html`<span class="value-bar signed ${isNoise(value, error) ? "uncertain" : ""}" aria-hidden="true" ${cssVars({ "--zero": `${zero}%` })}><i ${cssVars(
    {
      left: `${value >= 0 ? zero : zero - length}%`,
      width: `${length}%`,
      background: color,
    },
  )}></i><em ${cssVars({ left: `${Math.max(0, end - whisker)}%`, width: `max(2px, ${whisker * 2}%)` })}></em></span>`;
}
