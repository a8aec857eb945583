import { html, nothing, type TemplateResult } from "lit";
import { formatPercent, formatSigned } from "../../src/protocol/format.ts";
import type { LayersWork } from "../../src/protocol/layersPanel.ts";
import type { Conservation, Neurons } from "../../src/protocol/neurons.ts";
import { icon, segmented, select } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { forOtherLayer } from "../model/layersView.ts";
import { conservationTable } from "./conservationStrip.ts";
import { markedInput, wantedAsks } from "./layerAsks.ts";
import { checksOf, layerName, shapeText } from "./layerWords.ts";
import { knownRank, rankChoices } from "./neuronRanking.ts";
import { workNote } from "./workNote.ts";
import "./ablationCard.ts";
import "./conservationStrip.ts";
import "./layerTokens.ts";
import "./neuronList.ts";
import "./neuronStep.ts";
import "./patchStep.ts";

/** Patches are set and words chosen one after the other: the question waits until the reader rests. */
const PAUSE_MS = 250;

/** Inside the network: which layer carries the change, which neurons, driven by what, and what is left without them. */
class LayersTab extends StoreElement {
  #asked = new Map<string, string>();
  /** What is asked when the timer fires. */
  #wanted = "";
  #timer: ReturnType<typeof setTimeout> | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Drafts and progress arrive faster than the pause: only another question begins it anew. */
  protected override updated(): void {
    const wanted = JSON.stringify(wantedAsks(this.store));
    if (wanted === this.#wanted && this.#timer !== null) return;
    this.#wanted = wanted;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const isFirst = this.store.layers.conservation === null && this.store.layers.neurons === null;
    this.#timer = setTimeout(() => this.#ask(), isFirst ? 0 : PAUSE_MS);
  }

  /** Each question once. What was cancelled or has failed is asked again by its button alone: `again`. */
  #ask(again?: LayersWork): void {
    this.#timer = null;
    const { cancelled = [], failed = [] } = this.store.layers.state ?? {};
    const ended = new Set<LayersWork>([...cancelled, ...failed.map(({ work }) => work)]);
    for (const { work, ask } of wantedAsks(this.store)) {
      // With more points of the path the sums are others.
      const key = JSON.stringify([ask, ask.kind === "conservation" ? this.store.shown?.explanation.evaluations : 0]);
      const before = this.#asked.get(work);
      // A page that was hidden and came back does not know what it had asked.
      const rests = before === undefined ? ended.has(work) : before === key;
      if (rests && work !== again) continue;
      this.#asked.set(work, key);
      this.store.post({ type: "askLayers", ask });
    }
  }

  protected override render(): TemplateResult {
    const { store } = this;
    const explanation = store.shown?.explanation;
    if (explanation === undefined) return html`<div class="skeleton chart"></div>`;
    if (explanation.method !== "integrated-gradients") {
      return this.#card(
        "A plain gradient has no path to follow through the network.",
        "Explain by Integrated Gradients",
        () => store.post({ type: "set", settings: { method: "integrated-gradients" } }),
      );
    }
    if (store.layers.state?.lost === true) {
      return this.#card(
        "This explanation is no longer kept by the process that computes: run it again to look inside the network.",
        "Run again",
        () => store.post({ type: "run" }),
      );
    }
    const old = store.dimmed || (store.state?.stale !== null && store.state?.stale !== undefined);
    return html`<div class="layers ${old ? "dimmed" : ""}" @pl-again=${(event: CustomEvent<LayersWork>) => this.#ask(event.detail)}>
      ${this.#conservation(store.layers.conservation, explanation.deltaF)}
      ${this.#depth(store.layers.conservation)}
      ${this.#layer()}
    </div>`;
  }

  #card(text: string, label: string, act: () => void): TemplateResult {
    return html`<div class="pairs-start"><p>${text}</p><button class="secondary" @click=${act}>${label}</button></div>`;
  }

  #conservation(conservation: Conservation | null, deltaF: number): TemplateResult {
    const note = workNote(this.store, "conservation", "Adding up every layer", () => this.#ask("conservation"));
    const largest = conservation?.largestResidual ?? null;
    const said =
      deltaF === 0
        ? "the score does not change"
        : `every layer must carry the whole change of ${formatSigned(deltaF)}${largest === null ? "" : `; largest deviation ${formatPercent(largest)}`}`;
    const { layer } = this.store.view.layers;
    return html`<section aria-labelledby="h-conservation"><h2 id="h-conservation" class="first-heading">Conservation through the network <small>${said}</small></h2>
      ${
        conservation === null
          ? note === nothing
            ? html`<div class="skeleton tall"></div>`
            : nothing
          : this.store.view.table
            ? conservationTable(conservation, layer?.[0], (next) => this.#choose(next))
            : html`<pl-conservation .store=${this.store} .conservation=${conservation} @pl-layer=${(event: CustomEvent<readonly string[]>) => this.#choose(event.detail)}></pl-conservation>`
      }${note}</section>`;
  }

  /** Of a text, where layers keep its positions. */
  #depth(conservation: Conservation | null): TemplateResult | typeof nothing {
    const attribution = markedInput(this.store);
    const keep = conservation?.layers.some(({ positions }) => positions !== undefined) ?? false;
    if (conservation === null || attribution?.kind !== "text" || !keep) return nothing;
    return html`<pl-layer-tokens .store=${this.store} .conservation=${conservation} .attribution=${attribution}
      @pl-layer=${(event: CustomEvent<readonly string[]>) => this.#choose(event.detail)}></pl-layer-tokens>`;
  }

  #choose(layer: readonly string[]): void {
    if (String(layer) === String(this.store.view.layers.layer)) return;
    this.store.setView({ layers: forOtherLayer(this.store.view.layers, layer) });
  }

  #layer(): TemplateResult | typeof nothing {
    const { store } = this;
    const { layer } = store.view.layers;
    const found = store.layers.neurons;
    const neurons = found !== null && String(found.layer) === String(layer) ? found : null;
    const whole = { image: "Whole picture", text: "Whole text", tensor: "Whole row" }[
      markedInput(store)?.kind ?? "tensor"
    ];
    const ranks = rankChoices(neurons, whole);
    // Below what is clicked: what comes and goes while patches are chosen must not move them away from under the pointer.
    const note = layer === null ? nothing : workNote(store, "neurons", "Asking the layer", () => this.#ask("neurons"));
    return html`<div class="layer-head">
        <span class="labelled"><label for="l-layer">Layer</label>${this.#layerField()}</span>
        ${
          neurons === null || ranks.length < 2
            ? nothing
            : html`<span class="labelled"><span>Rank neurons by</span>${segmented("Rank neurons by", ranks, knownRank(neurons, store.view.layers.rank), (rank) => store.setLayers({ rank }))}</span>`
        }</div>
      ${layer === null || neurons === null ? nothing : this.#checks(neurons)}
      <div class="steps"><pl-patch-step class="step" .store=${store}></pl-patch-step>
        <section class="step" aria-label="Neurons">${
          neurons === null
            ? html`<h2>2 · Neurons</h2>${layer === null ? html`<p class="dim small">Choose a layer first.</p>` : html`<div class="skeleton chart"></div>`}`
            : html`<pl-neurons .store=${store} .neurons=${neurons}></pl-neurons>`
        }${note}</section>
        <section class="step" aria-label="One neuron"><pl-neuron .store=${store}></pl-neuron></section></div>
      ${neurons === null ? nothing : html`<pl-ablation .store=${store} .neurons=${neurons}></pl-ablation>`}`;
  }

  #layerField(): TemplateResult {
    const { store } = this;
    const { layer } = store.view.layers;
    const layers = store.layers.conservation?.layers ?? [];
    const own = layer === null ? null : JSON.stringify(layer);
    const known = layers.map(({ node, shape, state }) => ({
      value: JSON.stringify([node]),
      label: `${node}${shape.length === 0 ? "" : ` · ${shapeText(shape)}`}${state === "not-a-cut" ? " · not a cut" : ""}`,
      disabled: state === "refused",
    }));
    const isListed = own === null || known.some(({ value }) => value === own);
    const options = [
      ...(layer === null ? [{ value: "", label: "Choose a layer" }] : []),
      ...(isListed || layer === null || own === null ? [] : [{ value: own, label: layerName(layer) }]),
      ...known,
    ];
    return select("l-layer", "Layer", options, own ?? "", (wanted) => {
      if (wanted !== "") this.#choose(JSON.parse(wanted) as string[]);
    });
  }

  /** What was checked, each with its figure; a check that fails is shown like one that does not. */
  #checks(neurons: Neurons): TemplateResult {
    const checks = checksOf(neurons, this.store.state?.warnAbove ?? 0.05);
    const failed = checks.some(({ ok }) => !ok);
    const { conservation } = neurons;
    const running = neurons.status === "running";
    return html`<div class="checks" role="group" aria-label="Checks">${checks.map(
      ({ says, ok, title }) =>
        html`<span class=${ok ? "ok" : "bad"} title=${title}>${icon(running ? "sync" : ok ? "pass" : "warning")}${says}</span>`,
    )}${failed && !running ? html`<button class="link" @click=${() => this.#refine(neurons)}>Refine</button>` : nothing}</div>
      ${conservation.isCut ? nothing : this.#notCut(neurons)}
      ${neurons.notes.map((note) => html`<p class="small note">${icon("info")}<span>${note}</span></p>`)}`;
  }

  #notCut({ conservation }: Neurons): TemplateResult {
    const { bypass, cutWith } = conservation;
    const passes = bypass === null ? "part of the change passes it" : `${formatSigned(bypass)} of the change passes it`;
    return html`<div class="not-cut"><span class="hatch-key warn"></span><span>Not a cut: a connection goes round this layer, ${passes}.</span>
      ${
        cutWith.length < 2
          ? html`<span class="dim">No nodes were found that form a cut with it.</span>`
          : html`<button class="secondary" title=${cutWith.join("\n")} @click=${() => this.#choose(cutWith)}>Take the ${cutWith.length} nodes that form a cut</button>`
      }</div>`;
  }

  /** Half the tolerance; where the evaluations had run out, four times as many. */
  #refine({ tolerance, evaluations, status }: Neurons): void {
    if (status === "cancelled") {
      this.#ask("neurons");
      return;
    }
    const { layers } = this.store.view;
    const more = status === "budget" ? { maxEvaluations: Math.max(layers.maxEvaluations ?? 0, evaluations * 4) } : {};
    this.store.setLayers({ tolerance: status === "budget" ? layers.tolerance : tolerance / 2, ...more });
  }
}
customElements.define("pl-layers", LayersTab);
