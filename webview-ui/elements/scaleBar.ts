import { html, type TemplateResult } from "lit";
import type { ColorScale } from "../../src/common/colorScale.ts";
import { formatScore } from "../../src/protocol/format.ts";
import { cssVars } from "./cssVars.ts";

function gradientOf(scale: ColorScale): string {
  return `linear-gradient(90deg, ${scale.stops.map((_, index) => scale.css(index / 5 - 1)).join(", ")})`;
}

/** The colour scale as a strip with its ends alone, where there is little room. */
export function smallScale(scale: ColorScale, limit: number): TemplateResult {
  const end = formatScore(limit, 2);
  return html`<div class="legend scale-bar" role="img" aria-label="Colour scale from minus ${end} to plus ${end}">
    <div class="strip" ${cssVars({ background: gradientOf(scale) })}></div>
    <div class="ends dim"><span>−${end}</span><span>0</span><span>+${end}</span></div>
  </div>`;
}

/** The colour scale as a strip with what its ends stand for. */
export function scaleBar(scale: ColorScale, end: string, target: string): TemplateResult {
  return html`<div class="legend scale-bar" role="img" aria-label="Colour scale from minus ${end}, against ${target}, to plus ${end}, for it">
    <div class="strip" ${cssVars({ background: gradientOf(scale) })}></div>
    <div class="ends dim"><span>−${end} against</span><span>0</span><span>for ${target} +${end}</span></div>
  </div>`;
}
