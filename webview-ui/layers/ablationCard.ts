import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Explanation } from "../../src/protocol/explanation.ts";
import { formatPercent, formatProbability, formatScore, formatSigned } from "../../src/protocol/format.ts";
import type { Ablation, AblationResult, AblationValue, Neurons, PruneParams } from "../../src/protocol/neurons.ts";
import { areProbabilities } from "../../src/protocol/probability.ts";
import { scoreKind } from "../../src/protocol/targetWords.ts";
import { icon, select } from "../elements/controls.ts";
import { cssVars } from "../elements/cssVars.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { plural } from "../model/words.ts";
import { canAsk, markedInput } from "./layerAsks.ts";
import { neuronNoun } from "./layerWords.ts";
import { miniLimit, miniMap } from "./miniMap.ts";
import { pruningCounts } from "./pruningCounts.ts";
import { isBusy, workNote } from "./workNote.ts";
import "./pruningView.ts";

const valueLabels: Readonly<Record<AblationValue, string>> = {
  baseline: "their baseline value",
  zero: "zero",
  mean: "their mean",
};

/** Draws of random neurons beside an ablation: enough for a spread, few enough to be quick. */
const CONTROL = 5;

/** Step 4: what the score and the map are without the ticked neurons, beside as many at random. */
class AblationCard extends StoreElement {
  static override properties: PropertyDeclarations = { neurons: { attribute: false } };
  declare neurons: Neurons;

  protected override render(): TemplateResult {
    const { store, neurons } = this;
    const { ticked, value, patches } = store.view.layers;
    const result = store.layers.ablation;
    const [node] = neurons.nodes;
    const noun = node === undefined ? "neuron" : neuronNoun(node, markedInput(store)?.kind ?? null);
    const ready = canAsk(store) && neurons.status !== "running";
    const canPrune = patches.length > 1;
    return html`<section class="ablation card" aria-labelledby="h-ablation">
      <div class="row wrap"><h2 id="h-ablation">4 · Ablation <small>${ticked.length === 0 ? `tick the ${noun}s that are to be switched off` : `${plural(ticked.length, `ticked ${noun}`)} set to`}</small></h2>
        ${ticked.length === 0 ? nothing : this.#valueField(value)}
        <span class="spring"></span>
        <button class="secondary prune" ?disabled=${!ready || !canPrune || isBusy(store, "pruning")} title=${canPrune ? "Switches off ever more neurons of A, of B and at random" : "Mark two patches, A and B, first"} @click=${this.#prune}>Pruning experiment…</button>
        <button class="primary ablate" ?disabled=${!ready || ticked.length === 0 || isBusy(store, "ablation")} @click=${this.#ablate}>Ablate${ticked.length === 0 ? "" : ` ${ticked.length}`}</button></div>
      ${workNote(store, "ablation", "Ablating", this.#ablate)}
      ${result === null ? nothing : this.#result(result, noun)}
      ${workNote(store, "pruning", "Pruning", this.#prune)}
      ${store.layers.pruning === null ? nothing : html`<pl-pruning .store=${store} .pruning=${store.layers.pruning}></pl-pruning>`}
    </section>`;
  }

  #valueField(value: AblationValue): TemplateResult {
    const values = Object.keys(valueLabels) as AblationValue[];
    return select(
      "l-value",
      "What the ticked neurons are set to",
      values.map((each) => ({ value: each, label: valueLabels[each] })),
      value,
      (wanted) => this.store.setLayers({ value: wanted }),
      "small",
    );
  }

  readonly #ablate = (): void => {
    const { store, neurons } = this;
    const { ticked, value } = store.view.layers;
    const ablation = ablationOf(neurons, ticked);
    if (ablation.length === 0) return;
    const params = { runId: neurons.runId, ablation, value, samples: [], control: CONTROL, attribution: true };
    store.post({ type: "askLayers", ask: { kind: "ablate", params } });
  };

  readonly #prune = (): void => {
    const { store, neurons } = this;
    const [a, b] = store.view.layers.patches;
    if (a === undefined || b === undefined) return;
    const { value } = store.view.layers;
    const params: PruneParams = {
      runId: neurons.runId,
      layer: neurons.layer,
      a,
      b,
      counts: pruningCounts(neurons.conductance.length),
      value,
      samples: [],
      control: CONTROL,
    };
    store.post({ type: "askLayers", ask: { kind: "prune", params } });
  };

  #result(result: AblationResult, noun: string): TemplateResult {
    const { store } = this;
    const explanation = store.shown?.explanation;
    const { before, after, control } = result;
    const rows: readonly (readonly [string, number, number | null])[] = [
      ["Before", before.score, null],
      [`Without ${plural(result.count, noun)}`, after.score, null],
      ...(control === null ? [] : ([[`Without ${result.count} at random`, control.mean, control.deviation]] as const)),
    ];
    const values = rows.flatMap(([, value, deviation]) => [value - (deviation ?? 0), value + (deviation ?? 0)]);
    const low = Math.min(0, ...values);
    const span = Math.max(0, ...values) - low || 1;
    const place = (value: number): number => ((value - low) / span) * 100;
    return html`<div class="ablated">
      <div><p class="dim small">${explanation === undefined ? "Score" : `${explanation.target.label}, ${scoreKind(explanation.target)}`}; ${plural(result.count, noun)} of ${layerOf(result)} set to ${valueLabels[result.value]}</p>
        <dl class="score-bars">${rows.map(([label, value, deviation], at) => {
          const said = deviation === null ? formatScore(value) : `${formatScore(value)} ± ${formatScore(deviation, 2)}`;
          return html`<dt>${label}</dt><dd class=${at === 1 ? "main" : ""}><span class="bar score" aria-hidden="true"><i ${cssVars(
            {
              left: `${Math.min(place(0), place(value))}%`,
              width: `${Math.abs(place(value) - place(0))}%`,
            },
          )}></i>${deviation === null ? nothing : html`<em ${cssVars({ left: `${place(value - deviation)}%`, width: `max(2px, ${place(value + deviation) - place(value - deviation)}%)` })}></em>`}</span>
            <span><b>${said}</b> <span class="dim">${at === 0 ? "" : formatSigned(value - before.score)}</span></span></dd>`;
        })}</dl>
        ${control === null ? html`<p class="small">No control: there are too few other neurons to draw from.</p>` : nothing}
        <p class="small promise">${promiseText(result)}</p>
        ${this.#probability(result)}
        ${result.notes.map((note) => html`<p class="small">${icon("warning")} ${note}</p>`)}
        <span class="hidden" role="status">Ablated ${plural(result.count, noun)}: the score goes from ${formatScore(before.score)} to ${formatScore(after.score)}</span></div>
      ${result.explanations === null ? nothing : this.#maps(result.explanations)}</div>`;
  }

  #probability({ before, after, control }: AblationResult): TemplateResult | typeof nothing {
    const index = this.store.shown?.explanation.target.index ?? null;
    const of = (predictions: AblationResult["before"]["predictions"]): number | null => {
      const found = predictions.find((prediction) => prediction.index === index);
      return found === undefined || !areProbabilities(predictions) ? null : found.score;
    };
    const [first, second] = [of(before.predictions), of(after.predictions)];
    if (first === null || second === null) return nothing;
    const random = control?.probability ?? null;
    return html`<p class="small">Probability ${formatProbability(first)} → ${formatProbability(second)}${random === null ? "" : `; at random ${formatProbability(random)}`}.</p>`;
  }

  #maps({ before, after }: { readonly before: Explanation; readonly after: Explanation }): TemplateResult {
    const { store } = this;
    const limit = Math.max(miniLimit(store, before), miniLimit(store, after));
    const end = formatScore(limit, 2);
    const figure = (title: string, explanation: Explanation): TemplateResult => {
      const off = explanation.completenessError.relative;
      const error = off === null ? "" : `, off by ${formatPercent(off)}`;
      const note = `${formatSigned(explanation.sum)} of ${formatSigned(explanation.deltaF)}${error}`;
      return html`<figure><figcaption><b>${title}</b><span class="dim">${note}</span></figcaption>${miniMap(store, explanation, `${title}: ${note}`, limit)}</figure>`;
    };
    return html`<div><div class="two-maps">${figure("Before", before)}${figure("After", after)}</div>
      <p class="dim small">One scale for both: −${end} … +${end}</p></div>`;
  }
}
customElements.define("pl-ablation", AblationCard);

/** The ticked neurons, node by node. */
function ablationOf({ nodes }: Neurons, ticked: readonly number[]): Ablation {
  return nodes.flatMap(({ id, axis, offset, count }) => {
    const neurons = ticked.filter((each) => each >= offset && each < offset + count).map((each) => each - offset);
    return neurons.length === 0 ? [] : [{ node: id, axis, neurons: neurons.sort((a, b) => a - b) }];
  });
}

function layerOf({ ablation }: AblationResult): string {
  return ablation.map(({ node }) => node).join(", ");
}

/** What the conductance promised beside what came out. */
function promiseText({ promised, before, after }: AblationResult): string {
  const measured = after.score - before.score;
  if (promised === null) return `The score changes by ${formatSigned(measured)}.`;
  return `The conductance promises ${formatSigned(-promised)}, measured is ${formatSigned(measured)}.`;
}
