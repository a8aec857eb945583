import type { LayersFound, LayersState, LayersWork } from "../../src/protocol/layersPanel.ts";

type ValueOf<W extends LayersWork> = Extract<LayersFound, { work: W }>["value"];

/** What is known of the inside of the network, and what is under way. */
export type LayersKnown = { readonly state: LayersState | null } & {
  readonly [W in LayersWork]: ValueOf<W>;
};

export const nothingKnown: LayersKnown = {
  state: null,
  conservation: null,
  neurons: null,
  sources: null,
  detail: null,
  own: null,
  top: null,
  ablation: null,
  pruning: null,
};

export function withFound(known: LayersKnown, found: LayersFound): LayersKnown {
  return { ...known, [found.work]: found.value };
}
