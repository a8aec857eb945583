import { html, type PropertyDeclarations, type TemplateResult } from "lit";
import { type ColorMapName, colorMapNames, cssColor } from "../../src/common/colorScale.ts";
import { filtered, overlayPosition, type SignFilter } from "../../src/common/overlay.ts";
import { formatScore, formatSigned } from "../../src/protocol/format.ts";
import { icon, select } from "../elements/controls.ts";
import { OnResize } from "../elements/onResize.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { type Theme, theme } from "../model/theme.ts";
import { Unchanged } from "../model/unchanged.ts";
import type { ImageMap } from "./imageMap.ts";

const colorMapLabels: Readonly<Record<ColorMapName, string>> = {
  pathlight: "Pathlight",
  rdbu: "RdBu",
  puor: "PuOr",
  berlin: "berlin",
};

const BINS = 61;

/** Number of cells in each of BINS equal parts of −limit…+limit; what lies outside counts at the ends. */
function histogram(values: ArrayLike<number>, limit: number): Uint32Array {
  const bins = new Uint32Array(BINS);
  for (let index = 0; index < values.length; index++) {
    const u = limit > 0 ? (values[index] as number) / limit : 0;
    const bin = Math.max(0, Math.min(BINS - 1, Math.round(((u + 1) / 2) * (BINS - 1))));
    bins[bin] = (bins[bin] as number) + 1;
  }
  return bins;
}

interface LegendLook {
  readonly sign: SignFilter;
  readonly threshold: number;
  readonly colorMap: ColorMapName;
}

/** Histogram (upper 60 %) over the colour scale; the part below the threshold is grey in both. */
export function paintLegend(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  values: ArrayLike<number>,
  limit: number,
  look: LegendLook,
  colors: Theme,
): void {
  const bins = histogram(values, limit);
  const most = Math.log1p(Math.max(1, ...bins));
  const scale = colors.scale(look.colorMap);
  const bars = box.height * 0.58;
  context.fillStyle = cssColor(colors.dim);
  bins.forEach((count, bin) => {
    const u = (bin / (BINS - 1)) * 2 - 1;
    const kept = Math.abs(u) >= look.threshold && filtered(u, look.sign) !== 0;
    context.globalAlpha = kept ? 0.8 : 0.28;
    const height = (Math.log1p(count) / most) * bars;
    const width = box.width / BINS;
    context.fillRect(box.x + bin * width + 0.5, box.y + bars - height, Math.max(1, width - 1), height);
  });
  context.globalAlpha = 1;
  const top = box.y + bars + 4;
  const height = box.height - bars - 4;
  for (let x = 0; x < box.width; x++) {
    const u = (x / box.width) * 2 - 1;
    const value = filtered(u, look.sign);
    const t = Math.abs(value);
    context.fillStyle = scale.css(t < look.threshold || t === 0 ? 0 : Math.sign(value) * overlayPosition(t));
    context.fillRect(box.x + x, top, 1.5, height);
  }
  context.strokeStyle = cssColor(colors.dim);
  context.lineWidth = 1;
  context.strokeRect(box.x + 0.5, top + 0.5, box.width - 1, height - 1);
}

/** Which colours mean what, how many cells have which value, and what the ends of the scale stand for. */
class MapLegend extends StoreElement {
  static override properties: PropertyDeclarations = { map: { attribute: false }, target: {} };
  declare map: ImageMap;
  target = "";
  readonly #painted = new Unchanged();

  constructor() {
    super();
    new OnResize(this, () => this.#paint());
  }

  protected override render(): TemplateResult {
    const { limit, grid } = this.map;
    const end = formatScore(limit, 2);
    const grain = grid.grain === 1 ? "single pixels" : `sums over ${grid.grain}×${grid.grain} pixels`;
    return html`<div class="legend">
      <div class="ends"><span>${icon("arrow-left")}against ${this.target}</span>
        <span class="dim"><span class="hatch-key"></span>smaller than its error</span>
        <span>for ${this.target}${icon("arrow-right")}</span></div>
      <canvas role="img" aria-label="Colour scale from ${formatSigned(-limit, 2)}, against ${this.target}, to ${formatSigned(limit, 2)}, for it, with a histogram of the values"></canvas>
      <div class="ends dim"><span>−${end}</span><span title="The scale ends at the 99th percentile; stronger values have the end colour.">0 · ${grain}</span><span>+${end}</span></div>
      <div class="colors">${select(
        "t-colors",
        "Colour map",
        colorMapNames.map((value) => ({ value, label: colorMapLabels[value] })),
        this.store.view.colorMap,
        (colorMap) => this.store.setView({ colorMap }),
        "small quiet",
      )}</div>
    </div>`;
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
    const { sign, threshold, colorMap } = this.store.view;
    if (this.#painted.check(width, height, this.map, sign, threshold, colorMap, theme())) return;
    canvas.width = width;
    canvas.height = height;
    paintLegend(context, { x: 0, y: 0, width, height }, this.map.grid.values, this.map.limit, this.store.view, theme());
  }
}
customElements.define("pl-map-legend", MapLegend);
