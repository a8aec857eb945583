import { html, nothing, type TemplateResult } from "lit";
import type { Explanation } from "../../src/protocol/explanation.ts";
import { Unchanged } from "../model/unchanged.ts";
import { StoreElement } from "./storeElement.ts";

const SIZE = 44;
const ALPHAS = [0, 0.25, 0.5, 0.75, 1];

/** Colour of a baseline that is one colour in the picture itself; null where the panel does not have its pixels. */
function baselineColor(explanation: Explanation): string | null {
  const { spec } = explanation.baseline;
  if (spec.kind !== "name") return null;
  switch (spec.name) {
    case "black":
      return "#000000";
    case "white":
      return "#ffffff";
    case "grey":
      return "#808080";
    default:
      return null;
  }
}

/** What lies on the path: the blend of baseline and sample at five places. */
class PathThumbnails extends StoreElement {
  readonly #painted = new Unchanged();

  protected override render(): TemplateResult | typeof nothing {
    const explanation = this.store.shown?.explanation;
    const attribution = explanation?.attributions[0];
    if (explanation === undefined || this.store.picture === null || attribution?.kind !== "image") return nothing;
    if (baselineColor(explanation) === null) return nothing;
    return html`<div class="thumbnails" aria-hidden="true">${ALPHAS.map(
      (alpha) => html`<canvas width=${SIZE} height=${SIZE} data-alpha=${alpha}></canvas>`,
    )}</div>`;
  }

  protected override updated(): void {
    const explanation = this.store.shown?.explanation;
    const { picture } = this.store;
    const attribution = explanation?.attributions[0];
    const color = explanation === undefined ? null : baselineColor(explanation);
    if (color === null || picture === null || attribution?.kind !== "image") return;
    const { crop, original } = attribution;
    const ratio = picture.bitmap.width / original.width;
    const canvases = this.querySelectorAll("canvas");
    if (this.#painted.check(color, picture, crop.x, crop.y, crop.width, crop.height, canvases[0])) return;
    for (const canvas of canvases) {
      const context = canvas.getContext("2d");
      if (context === null) continue;
      context.globalAlpha = 1;
      context.fillStyle = color;
      context.fillRect(0, 0, SIZE, SIZE);
      context.globalAlpha = Number(canvas.dataset["alpha"]);
      context.drawImage(
        picture.bitmap,
        crop.x * ratio,
        crop.y * ratio,
        crop.width * ratio,
        crop.height * ratio,
        0,
        0,
        SIZE,
        SIZE,
      );
    }
  }
}
customElements.define("pl-path-thumbnails", PathThumbnails);
