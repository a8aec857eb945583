import { html, type TemplateResult } from "lit";
import type { ColorScale } from "../../src/common/colorScale.ts";
import { cssVars } from "./cssVars.ts";

/** The colour scale as a strip with what its ends stand for. */
export function scaleBar(scale: ColorScale, end: string, target: string): TemplateResult {
  const stops = scale.stops.map((_, index) => scale.css(index / 5 - 1)).join(", ");
  return html`<div class="legend scale-bar" role="img" aria-label="Colour scale from minus ${end}, against ${target}, to plus ${end}, for it">
    <div class="strip" ${cssVars({ background: `linear-gradient(90deg, ${stops})` })}></div>
    <div class="ends dim"><span>−${end} against</span><span>0</span><span>for ${target} +${end}</span></div>
  </div>`;
}
