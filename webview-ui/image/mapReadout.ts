import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Explanation } from "../../src/protocol/explanation.ts";
import { formatShare, formatSigned } from "../../src/protocol/format.ts";
import { formatError, type ReadoutField, readout } from "../elements/readout.ts";
import { spokenReading } from "../elements/spokenReading.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { originalRect } from "./frame.ts";
import { cellPlace, type ImageMap } from "./imageMap.ts";

/** One cell in words: where, value with error, share of the change, rank, and what the plain gradient says. */
class MapReadout extends StoreElement {
  static override properties: PropertyDeclarations = {
    explanation: { attribute: false },
    map: { attribute: false },
    index: { attribute: false },
  };
  declare explanation: Explanation;
  declare map: ImageMap;
  index = 0;

  protected override render(): TemplateResult {
    const { map, index, explanation } = this;
    const place = cellPlace(map, index);
    const value = map.grid.values[index] ?? 0;
    const { attribution } = map;
    const inOriginal = originalRect(attribution, place);
    const { grain } = map.grid;
    const title =
      `In pixels of the model's ${attribution.width}×${attribution.height} picture. ` +
      `In the original: ${Math.round(inOriginal.x)}, ${Math.round(inOriginal.y)}, ${Math.round(inOriginal.width)}×${Math.round(inOriginal.height)} px.`;
    const fields: ReadoutField[] = [
      { term: "Where", value: `${place.x}, ${place.y}`, note: `${place.width}×${place.height} px`, title },
      { term: "Value", value: formatSigned(value), note: this.#error(index, grain) },
      ...(explanation.deltaF === 0
        ? []
        : [{ term: "Share of change", value: formatShare(value / explanation.deltaF) }]),
      { term: "Rank", value: String(map.ranking.rankOf[index] ?? 0), note: `of ${map.grid.values.length}` },
    ];
    const gradient = map.gradient?.values[index];
    if (gradient !== undefined) fields.push({ term: "Plain gradient", value: formatSigned(gradient) });
    return html`${readout(fields)}${spokenReading(fields)}${
      map.errors === null && attribution.cellErrors !== null
        ? html`<p class="dim small">${
            this.store.readOnly
              ? `Errors are known at ${attribution.grain}×${attribution.grain} px only.`
              : `Errors at ${grain}×${grain} px are on their way.`
          }</p>`
        : nothing
    }`;
  }

  #error(index: number, grain: number): string {
    const { errors, attribution } = this.map;
    if (errors !== null) return formatError(errors[index] ?? 0);
    return attribution.cellErrors === null || grain === attribution.grain ? "error not known yet" : "";
  }
}
customElements.define("pl-map-readout", MapReadout);
