import { html, type PropertyDeclarations, type TemplateResult } from "lit";
import type { CellGrid } from "../../src/common/mapLayout.ts";
import type { ImageAttribution } from "../../src/protocol/explanation.ts";
import { cssVars } from "../elements/cssVars.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { frameOf } from "../image/frame.ts";
import { paintMap } from "../image/paintMap.ts";
import type { Picture } from "../model/picture.ts";
import { theme } from "../model/theme.ts";

/** One of the maps that are compared: painted on the scale that they share. */
class ComparedMap extends StoreElement {
  static override properties: PropertyDeclarations = {
    attribution: { attribute: false },
    grid: { attribute: false },
    limit: { attribute: false },
    picture: { attribute: false },
    errors: { attribute: false },
    label: {},
  };
  declare attribution: ImageAttribution;
  declare grid: CellGrid;
  limit = 0;
  picture: Picture | null = null;
  errors: Float32Array | null = null;
  label = "";

  protected override render(): TemplateResult {
    const frame = frameOf(this.attribution);
    return html`<div class="picture" ${cssVars({ "aspect-ratio": `${frame.width} / ${frame.height}` })}><canvas role="img" aria-label=${this.label}></canvas></div>`;
  }

  protected override updated(): void {
    const canvas = this.querySelector("canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context || canvas.clientWidth === 0) return;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    canvas.width = width;
    canvas.height = height;
    const map = { attribution: this.attribution, grid: this.grid, limit: this.limit, errors: this.errors };
    paintMap(context, { width, height }, map, this.picture, this.store.view, theme(), { scale: 1, x: 0.5, y: 0.5 });
  }
}
customElements.define("pl-compared-map", ComparedMap);
