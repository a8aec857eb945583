import { html, type TemplateResult } from "lit";
import { filtered } from "../../src/common/overlay.ts";
import type { Explanation } from "../../src/protocol/explanation.ts";
import type { PanelStore } from "../model/panelStore.ts";
import type { ValueRow } from "../table/valueTable.ts";
import "../table/valueTable.ts";
import { cellPlace, type ImageMap } from "./imageMap.ts";

/** Rows of the table that says the same as the map, under the same sign filter. */
export function imageRows(
  explanation: Explanation,
  map: ImageMap,
  sign: PanelStore["view"]["sign"],
): readonly ValueRow[] {
  const rows: ValueRow[] = [];
  for (const index of map.ranking.order) {
    const value = map.grid.values[index] as number;
    if (sign !== "signed" && filtered(value, sign) === 0) continue;
    const { x, y } = cellPlace(map, index);
    rows.push({
      index,
      rank: map.ranking.rankOf[index] as number,
      place: `${x}, ${y}`,
      value,
      error: map.errors?.[index] ?? null,
      share: explanation.deltaF === 0 ? null : value / explanation.deltaF,
      gradient: map.gradient?.values[index] ?? null,
    });
  }
  return rows;
}

export function imageTable(
  store: PanelStore,
  rows: readonly ValueRow[],
  view: { readonly selected: number; select(index: number): void },
  map: ImageMap,
): TemplateResult {
  const { grain } = map.grid;
  return html`<pl-value-table .store=${store} .rows=${rows} .selected=${view.selected}
    placeTitle="x, y (${grain}×${grain} px)" noun=${grain === 1 ? "pixel" : "cell"}
    @pl-pick=${(event: CustomEvent<number>) => view.select(event.detail)}></pl-value-table>`;
}
