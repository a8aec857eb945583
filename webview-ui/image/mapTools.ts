import { html, type TemplateResult } from "lit";
import { type SignFilter, signFilters } from "../../src/common/overlay.ts";
import type { ImageAttribution } from "../../src/protocol/explanation.ts";
import { checkbox, segmented, select, slider } from "../elements/controls.ts";
import type { PanelStore } from "../model/panelStore.ts";
import { grainChoices } from "./imageMap.ts";

const signLabels: Readonly<Record<SignFilter, string>> = {
  signed: "Signed",
  for: "For",
  against: "Against",
  strength: "Strength",
};

export function nextSign(sign: SignFilter): SignFilter {
  return signFilters[(signFilters.indexOf(sign) + 1) % signFilters.length] ?? "signed";
}

export function nextGrain(attribution: ImageAttribution, grain: number): number {
  const choices = grainChoices(attribution.width, attribution.height, attribution.grain);
  return choices[(choices.indexOf(grain) + 1) % choices.length] ?? grain;
}

/** How the map is painted: sign, opacity, threshold, grain, photo, hatching. */
export function mapTools(
  store: PanelStore,
  attribution: ImageAttribution,
  grain: number,
  setGrain: (grain: number) => void,
): TemplateResult {
  const { view } = store;
  const grains = grainChoices(attribution.width, attribution.height, attribution.grain);
  return html`<div class="tools" role="toolbar" aria-label="Map">
    ${segmented(
      "Show",
      signFilters.map((value) => ({ value, label: signLabels[value] })),
      view.sign,
      (sign) => store.setView({ sign }),
    )}
    ${slider("Opacity", "Opacity", view.opacity, 1, (opacity) => store.setView({ opacity }))}
    ${slider("Hide below", "Hide values below, of the scale", view.threshold, 0.6, (threshold) => store.setView({ threshold }))}
    <span class="field"><span>Grain</span>${select(
      "t-grain",
      "Grain, pixels a cell",
      grains.map((value) => ({ value: String(value), label: `${value}×${value} px` })),
      String(grain),
      (value) => setGrain(Number(value)),
      "small",
    )}</span>
    ${checkbox("Photo", view.photo, (photo) => store.setView({ photo }))}
    ${checkbox("Hatching", view.hatching, (hatching) => store.setView({ hatching }), "Hatches cells whose value is smaller than its own error")}
  </div>`;
}
