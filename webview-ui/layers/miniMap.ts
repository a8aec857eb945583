import { html, nothing, type TemplateResult } from "lit";
import { poolCells, scaleLimit } from "../../src/common/mapLayout.ts";
import type { Attribution, Explanation } from "../../src/protocol/explanation.ts";
import { valueBars } from "../elements/valueBars.ts";
import type { PanelStore } from "../model/panelStore.ts";
import { theme } from "../model/theme.ts";
import { tensorItems } from "../tensor/tensorView.ts";
import { tokenGroups } from "../text/tokenGroups.ts";
import { tokenRow } from "../text/tokenRow.ts";
import "../history/comparedMap.ts";

const STRONGEST = 10;

function inputOf(store: PanelStore, { attributions }: Explanation): Attribution | undefined {
  return attributions[Math.min(store.view.input, attributions.length - 1)];
}

/** The end of the scale of a map, as `miniMap` paints it. */
export function miniLimit(store: PanelStore, explanation: Explanation): number {
  const attribution = inputOf(store, explanation);
  if (attribution === undefined) return 0;
  if (attribution.kind === "image") {
    const { values, height, width, grain } = attribution;
    return scaleLimit(poolCells(values, height, width, grain).values);
  }
  const values =
    attribution.kind === "text" ? tokenGroups(attribution, "word").map(({ value }) => value) : [...attribution.values];
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** An explanation's map in little: nothing to read cell by cell, but on a scale that others can share. */
export function miniMap(
  store: PanelStore,
  explanation: Explanation,
  label: string,
  limit: number,
): TemplateResult | typeof nothing {
  const attribution = inputOf(store, explanation);
  if (attribution === undefined) return nothing;
  const { colorMap, textThreshold } = store.view;
  if (attribution.kind === "image") {
    const { values, height, width, grain, cellErrors } = attribution;
    return html`<pl-compared-map .store=${store} .attribution=${attribution} .grid=${poolCells(values, height, width, grain)} .limit=${limit}
      .picture=${store.picture} .errors=${cellErrors} label=${label}></pl-compared-map>`;
  }
  if (attribution.kind === "text") {
    return tokenRow(tokenGroups(attribution, "word"), ({ value }) => value, {
      label,
      unit: "word",
      limit,
      threshold: textThreshold,
      scale: theme().scale(colorMap),
      deltaF: 0,
      selected: -1,
      interactive: false,
      small: true,
      pick: () => undefined,
    });
  }
  const strongest = tensorItems(attribution)
    .map((item, position) => ({ ...item, position }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, STRONGEST);
  return valueBars(label, strongest, 0, colorMap, -1, () => undefined, { names: "fit", limit, bare: true });
}
