import { html, type PropertyDeclarations, type TemplateResult } from "lit";
import type { CellGrid } from "../../src/common/mapLayout.ts";
import type { ImageAttribution } from "../../src/protocol/explanation.ts";
import { OnResize } from "../elements/onResize.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { paintMap } from "../image/paintMap.ts";
import { theme } from "../model/theme.ts";
import { Unchanged } from "../model/unchanged.ts";

const nothingPainted: CellGrid = { grain: 4096, columns: 1, rows: 1, values: new Float64Array(1) };

/** The sample's picture alone, as faint as under a map. */
class Photo extends StoreElement {
  static override properties: PropertyDeclarations = { attribution: { attribute: false } };
  declare attribution: ImageAttribution;
  readonly #painted = new Unchanged();

  constructor() {
    super();
    new OnResize(this, () => this.#paint());
  }

  protected override render(): TemplateResult {
    return html`<canvas aria-hidden="true"></canvas>`;
  }

  protected override updated(): void {
    this.#paint();
  }

  #paint(): void {
    const canvas = this.querySelector("canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context || canvas.clientWidth === 0) return;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    const { attribution, store } = this;
    if (this.#painted.check(width, height, attribution, store.picture, theme())) return;
    canvas.width = width;
    canvas.height = height;
    const map = { attribution, grid: nothingPainted, limit: 0, errors: null };
    const style = { ...store.view, photo: true, hatching: false };
    paintMap(context, { width, height }, map, store.picture, style, theme(), { scale: 1, x: 0.5, y: 0.5 });
  }
}
customElements.define("pl-photo", Photo);
