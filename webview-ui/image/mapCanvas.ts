import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { cssVars } from "../elements/cssVars.ts";
import { OnResize } from "../elements/onResize.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { theme } from "../model/theme.ts";
import { Unchanged } from "../model/unchanged.ts";
import { centred, frameOf, modelPixel, originalRect, type Rect, visiblePart, type Zoom, zoomAbout } from "./frame.ts";
import { cellAt, cellPlace, type ImageMap } from "./imageMap.ts";
import type { ImageView } from "./imageView.ts";
import { paintMap } from "./paintMap.ts";

const TALLEST = 620;

/** One picture with its map: hover and arrows read a cell, wheel and + − zoom, dragging pans. */
class MapCanvas extends StoreElement {
  static override properties: PropertyDeclarations = {
    view: { attribute: false },
    map: { attribute: false },
    which: { attribute: false },
    label: {},
  };
  declare view: ImageView;
  declare map: ImageMap;
  which: "values" | "gradient" = "values";
  label = "";
  #drag: { x: number; y: number; zoom: Zoom; moved: boolean } | null = null;
  readonly #painted = new Unchanged();

  constructor() {
    super();
    new OnResize(this, () => this.#paint());
  }

  get #frame(): Rect {
    return frameOf(this.map.attribution);
  }

  get #zoom(): Zoom {
    return this.store.view.zoom;
  }

  protected override render(): TemplateResult {
    const frame = this.#frame;
    const main = this.which === "values";
    const ratio = frame.width / frame.height;
    return html`<div class="picture ${this.#zoom.scale > 1 ? "zoomed" : ""}"
      ${cssVars({ "aspect-ratio": `${frame.width} / ${frame.height}`, "max-width": `${Math.round(TALLEST * ratio)}px` })}>
      <canvas
        tabindex=${main ? 0 : nothing}
        role=${main ? "application" : "img"}
        aria-roledescription=${main ? "attribution map" : nothing}
        aria-label=${this.label}
        aria-describedby=${main ? "readout" : nothing}
        @pointermove=${this.#onMove}
        @pointerdown=${this.#onDown}
        @pointerup=${this.#onUp}
        @wheel=${this.#onWheel}
        @dblclick=${() => this.store.setView({ zoom: { scale: 1, x: 0.5, y: 0.5 } })}
        @keydown=${this.#onKey}
      ></canvas>
      ${this.map.limit === 0 ? nothing : this.#cursor()}
      ${this.#zoom.scale > 1 && main ? html`<span class="zoom-mark">${this.#zoom.scale.toFixed(1)}×</span>` : nothing}
    </div>`;
  }

  #cursor(): TemplateResult {
    const place = originalRect(this.map.attribution, cellPlace(this.map, this.view.selected));
    const seen = visiblePart(this.#frame, this.#zoom);
    const percent = (value: number): string => `${value * 100}%`;
    return html`<div class="cursor" ${cssVars({
      left: percent((place.x - seen.x) / seen.width),
      top: percent((place.y - seen.y) / seen.height),
      width: percent(place.width / seen.width),
      height: percent(place.height / seen.height),
    })}></div>`;
  }

  protected override updated(): void {
    this.#paint();
  }

  #paint(): void {
    const canvas = this.querySelector("canvas");
    const context = canvas?.getContext("2d");
    const { store, map } = this;
    const grid = this.which === "values" ? map?.grid : map?.gradient;
    if (!canvas || !context || !grid || canvas.clientWidth === 0) return;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const { sign, opacity, threshold, colorMap, photo, hatching, zoom } = store.view;
    const parts = [grid, map.errors, store.picture, theme(), sign, opacity, threshold, colorMap, photo, hatching];
    if (this.#painted.check(width, height, zoom.scale, zoom.x, zoom.y, ...parts)) return;
    const errors = this.which === "values" ? map.errors : null;
    const painted = { attribution: map.attribution, grid, limit: map.limit, errors };
    paintMap(context, { width, height }, painted, store.picture, store.view, theme(), this.#zoom);
  }

  #point(event: MouseEvent): { u: number; v: number } {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return { u: (event.clientX - box.left) / box.width, v: (event.clientY - box.top) / box.height };
  }

  readonly #onDown = (event: PointerEvent): void => {
    this.#drag = { x: event.clientX, y: event.clientY, zoom: this.#zoom, moved: false };
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  };

  readonly #onUp = (): void => {
    this.#drag = null;
  };

  readonly #onMove = (event: PointerEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const frame = this.#frame;
    const drag = this.#drag;
    if (drag !== null && drag.zoom.scale > 1) {
      const dx = ((event.clientX - drag.x) / box.width / drag.zoom.scale) * frame.width;
      const dy = ((event.clientY - drag.y) / box.height / drag.zoom.scale) * frame.height;
      drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 3;
      if (drag.moved) {
        const { scale, x, y } = drag.zoom;
        this.store.setView({ zoom: centred(frame, scale, x * frame.width - dx, y * frame.height - dy) });
        return;
      }
    }
    const { u, v } = this.#point(event);
    const seen = visiblePart(frame, this.#zoom);
    const pixel = modelPixel(this.map.attribution, seen.x + u * seen.width, seen.y + v * seen.height);
    if (pixel === null) return;
    const index = cellAt(this.map, pixel);
    if (index !== this.view.selected || this.store.view.selected === null) this.view.select(index);
  };

  /** Zooms where Ctrl is held or the map has the focus; else the page scrolls as everywhere. */
  readonly #onWheel = (event: WheelEvent): void => {
    const focused = document.activeElement === event.currentTarget;
    if (!event.ctrlKey && !event.metaKey && !focused) return;
    if (event.deltaY > 0 && this.#zoom.scale === 1) return;
    event.preventDefault();
    const { u, v } = this.#point(event);
    this.store.setView({ zoom: zoomAbout(this.#frame, this.#zoom, 1.2 ** (-event.deltaY / 100), u, v) });
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 4 : 1;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-far, 0],
      ArrowRight: [far, 0],
      ArrowUp: [0, -far],
      ArrowDown: [0, far],
    };
    const move = moves[event.key];
    const factor = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, "0": 0 }[event.key];
    if (move !== undefined) {
      this.view.move(...move);
      this.#reveal();
    } else if (factor === 0) {
      this.store.setView({ zoom: { scale: 1, x: 0.5, y: 0.5 } });
    } else if (factor !== undefined) {
      this.#zoomToReading(factor);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  #readingCentre(): { x: number; y: number } {
    const frame = this.#frame;
    const cell = originalRect(this.map.attribution, cellPlace(this.map, this.view.selected));
    return { x: cell.x + cell.width / 2 - frame.x, y: cell.y + cell.height / 2 - frame.y };
  }

  #zoomToReading(factor: number): void {
    const scale = Math.max(1, Math.min(32, this.#zoom.scale * factor));
    const { x, y } = this.#readingCentre();
    this.store.setView({ zoom: centred(this.#frame, scale, x, y) });
  }

  /** Keeps the cell that is read in sight. */
  #reveal(): void {
    const frame = this.#frame;
    const seen = visiblePart(frame, this.#zoom);
    const { x, y } = this.#readingCentre();
    const inside =
      x + frame.x >= seen.x &&
      x + frame.x <= seen.x + seen.width &&
      y + frame.y >= seen.y &&
      y + frame.y <= seen.y + seen.height;
    if (!inside) this.store.setView({ zoom: centred(frame, this.#zoom.scale, x, y) });
  }
}
customElements.define("pl-map-canvas", MapCanvas);
