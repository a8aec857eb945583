import { rankByStrength } from "../../src/common/mapLayout.ts";
import type { Attribution, Explanation, TensorAttribution, TextAttribution } from "../../src/protocol/explanation.ts";
import type { LayersAsk, LayersWork, NeuronRef } from "../../src/protocol/layersPanel.ts";
import type { NeuronSources, NeuronSourcesParams, Neurons, NeuronsParams, Patch } from "../../src/protocol/neurons.ts";
import type { PanelStore } from "../model/panelStore.ts";
import { tensorItems } from "../tensor/tensorView.ts";
import { type TokenGroup, tokenGroups } from "../text/tokenGroups.ts";
import { neuronAt } from "./layerWords.ts";

/** What the tab asks of the host, derived from what the reader looks at: asked once each, whatever draws how often. */

/** Above so many tokens they are told apart as words, above so many words as sentences. */
const MOST_SINGLE = 96;
const MOST_FEATURES = 64;

/** The input whose parts are marked. */
export function markedInput({ shown, view }: PanelStore): Attribution | null {
  const inputs = shown?.explanation.attributions ?? [];
  return inputs[Math.min(view.input, inputs.length - 1)] ?? null;
}

/** Whether something of the run that is shown can be asked. */
export function canAsk(store: PanelStore): boolean {
  const { state, shown, dimmed, readOnly, layers } = store;
  if (readOnly || dimmed || state === null || shown === null || layers.state?.lost === true) return false;
  const isSettled = state.phase === "done" || state.phase === "cancelled";
  return isSettled && shown.explanation.method === "integrated-gradients";
}

/** The parts of a text that a neuron is looked at through: tokens, or what is larger where there are many. */
export function textCells(attribution: TextAttribution): readonly TokenGroup[] {
  const units = (["token", "word", "sentence"] as const).map((unit) => tokenGroups(attribution, unit));
  return units.find((all) => all.length <= MOST_SINGLE) ?? units[2] ?? [];
}

/** The parts of a text or a row that a neuron is looked at through, with their names. */
export function cellPatches(attribution: TextAttribution | TensorAttribution, several: boolean): readonly Patch[] {
  const input = several ? { input: attribution.input } : {};
  if (attribution.kind === "text") {
    return textCells(attribution).map(({ text, tokens }) => ({
      name: text,
      region: { kind: "tokens", ...input, tokens: [...tokens] },
    }));
  }
  const names = tensorItems(attribution);
  const strongest = [...rankByStrength(attribution.values).order.slice(0, MOST_FEATURES)].sort((a, b) => a - b);
  return strongest.map((index) => ({
    name: names[index]?.text ?? String(index),
    region: { kind: "features", ...input, features: [index] },
  }));
}

/** Grids that make sense over a picture of this size. */
export function gridChoices({ width, height }: { readonly width: number; readonly height: number }): number[] {
  return [7, 14, 16, 28, 32].filter((side) => side <= Math.min(width, height));
}

export function neuronsParams(store: PanelStore, explanation: Explanation): NeuronsParams | null {
  const { layer, patches, tolerance, maxEvaluations } = store.view.layers;
  if (layer === null) return null;
  return {
    runId: explanation.runId,
    layer,
    patches,
    grid: null,
    ...(tolerance === null ? {} : { tolerance }),
    ...(maxEvaluations === null ? {} : { maxEvaluations }),
  };
}

export function sourcesParams(store: PanelStore, explanation: Explanation): NeuronSourcesParams | null {
  const neurons = neuronsParams(store, explanation);
  const attribution = markedInput(store);
  const shown = shownNeuron(store);
  const { look, grid, sourcesEvaluations } = store.view.layers;
  if (neurons === null || attribution === null || shown === null || look !== "from") return null;
  const base = {
    ...{ ...neurons, node: shown.node, neuron: shown.neuron },
    ...(sourcesEvaluations === null ? {} : { maxEvaluations: sourcesEvaluations }),
  };
  if (attribution.kind !== "image") {
    return { ...base, patches: [...cellPatches(attribution, explanation.attributions.length > 1)] };
  }
  const choices = gridChoices(attribution);
  const side = choices.includes(grid) ? grid : (choices[0] ?? Math.min(attribution.width, attribution.height));
  return { ...base, patches: [], grid: { rows: side, columns: side } };
}

/** Whether these are the values that are wanted, or on the way to them. */
export function answers(found: Neurons | NeuronSources | null, params: NeuronsParams | NeuronSourcesParams): boolean {
  if (found === null || found.runId !== params.runId) return false;
  if (params.tolerance !== undefined && found.tolerance > params.tolerance * 1.0001) return false;
  if (found.status === "cancelled") return false;
  if (found.status === "budget" && (params.maxEvaluations ?? 0) > found.evaluations * 2) return false;
  const named = found.patches.filter(({ kind }) => kind === "patch").map(({ name, region }) => ({ name, region }));
  const neuron = "neuron" in found ? [found.node, found.neuron] : null;
  const asked = "neuron" in params ? [params.node, params.neuron] : null;
  return same([found.layer, named, found.grid, neuron], [params.layer, params.patches, params.grid, asked]);
}

export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

/** JSON with keys in order: what came back from another process may have them in another. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The neuron that is shown, as the compute process knows it. */
export function shownNeuron({ view, layers }: PanelStore): NeuronRef | null {
  const { neuron, layer } = view.layers;
  const found = layers.neurons;
  if (neuron === null || found === null || String(found.layer) !== String(layer)) return null;
  const place = neuronAt(found.nodes, neuron);
  return place === null ? null : { node: place.node.id, axis: place.node.axis, neuron: place.neuron };
}

export function isSameNeuron(a: NeuronRef | null | undefined, b: NeuronRef | null): boolean {
  return a !== null && a !== undefined && b !== null && a.node === b.node && a.neuron === b.neuron;
}

/** What is wanted and not there, with what it goes under. */
export function wantedAsks(store: PanelStore): readonly { readonly work: LayersWork; readonly ask: LayersAsk }[] {
  const explanation = store.shown?.explanation;
  if (explanation === undefined || !canAsk(store)) return [];
  const { runId } = explanation;
  const { layers, view } = store;
  const asks: { work: LayersWork; ask: LayersAsk }[] = [];
  const neurons = neuronsParams(store, explanation);
  if (neurons !== null && !answers(layers.neurons, neurons)) {
    asks.push({ work: "neurons", ask: { kind: "neurons", params: neurons } });
  }
  const sources = sourcesParams(store, explanation);
  if (sources !== null && !answers(layers.sources, sources)) {
    asks.push({ work: "sources", ask: { kind: "sources", params: sources } });
  }
  const neuron = shownNeuron(store);
  const { layer, look } = view.layers;
  if (neuron !== null && layer !== null && layers.neurons?.status !== "running") {
    const known =
      layers.detail !== null && isSameNeuron(layers.detail, neuron) && String(layers.detail.layer) === String(layer);
    if (!known) asks.push({ work: "detail", ask: { kind: "detail", runId, layer, neuron } });
    if (look === "own" && !isSameNeuron(layers.own?.neuron, neuron)) {
      asks.push({ work: "own", ask: { kind: "own", runId, neuron } });
    }
  }
  if (layers.conservation === null) asks.push({ work: "conservation", ask: { kind: "conservation", runId } });
  return asks;
}
