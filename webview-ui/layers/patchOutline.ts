import { type SVGTemplateResult, svg } from "lit";
import type { ImageAttribution } from "../../src/protocol/explanation.ts";
import type { Patch } from "../../src/protocol/neurons.ts";
import { originalRect, type Rect } from "../image/frame.ts";
import { boundsOf, type PictureRegion } from "./patchGeometry.ts";

export function isPictureRegion(region: Patch["region"]): region is PictureRegion {
  return region.kind === "rectangle" || region.kind === "polygon";
}

/** What a patch takes up of the original. */
export function placeOf(attribution: ImageAttribution, region: PictureRegion): Rect {
  const { x0, y0, x1, y1 } = boundsOf(region);
  return originalRect(attribution, { x: x0, y: y0, width: x1 - x0, height: y1 - y0 });
}

/** A patch's outline in pixels of the original, white on black: A solid, others dashed. */
export function patchOutline(
  attribution: ImageAttribution,
  { name, region }: Patch,
  isSelected: boolean,
): SVGTemplateResult {
  const kind = `over ${isSelected ? "selected" : ""} ${name === "A" ? "" : "other"}`;
  if (region.kind === "polygon") {
    const points = region.points
      .map((point) => originalRect(attribution, { ...point, width: 0, height: 0 }))
      .map(({ x, y }) => `${x},${y}`)
      .join(" ");
    return svg`<polygon class="under" points=${points}></polygon><polygon class=${kind} points=${points}></polygon>`;
  }
  if (region.kind !== "rectangle") return svg``;
  const { x, y, width, height } = placeOf(attribution, region);
  return svg`<rect class="under" x=${x} y=${y} width=${width} height=${height}></rect><rect class=${kind} x=${x} y=${y} width=${width} height=${height}></rect>`;
}
