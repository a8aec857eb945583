import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { ImageAttribution } from "../../src/protocol/explanation.ts";
import type { Patch } from "../../src/protocol/neurons.ts";
import { cssVars } from "../elements/cssVars.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { frameOf } from "../image/frame.ts";
import { MOST_PATCHES } from "../model/layersView.ts";
import {
  arrowStep,
  boundsOf,
  contains,
  firstRectangle,
  type Handle,
  handles,
  isEmpty,
  moved,
  nextName,
  type PictureRegion,
  type Point,
  rectangleBetween,
  resized,
  simplified,
  toModel,
  withPatch,
} from "./patchGeometry.ts";
import { isPictureRegion, patchOutline, placeOf } from "./patchOutline.ts";
import "./photo.ts";

/** A patch that is being drawn, moved or resized; the picture has it only when it is set. */
interface Draft {
  readonly name: string;
  readonly region: PictureRegion | null;
  readonly by: "new" | "move" | "lasso" | "keys" | Handle;
  readonly from: Point;
  /** As it was when it was taken up. */
  readonly before: PictureRegion | null;
  readonly points: readonly Point[];
}

/** Pixels of the screen within which a press is a click. */
const CLICK = 4;

/**
 * The picture that patches are drawn on. By pointer: drag for a new one, drag one to move it, its handles to resize it. By
 * key: R for a new one (Enter on one takes it up), arrows move, Shift+arrows resize, Enter sets, Escape drops, Delete removes.
 */
export class PatchPicture extends StoreElement {
  static override properties: PropertyDeclarations = {
    attribution: { attribute: false },
    lasso: { type: Boolean },
    draft: { state: true },
    said: { state: true },
  };
  declare attribution: ImageAttribution;
  lasso = false;
  draft: Draft | null = null;
  said = "";

  get #patches(): readonly Patch[] {
    return this.store.view.layers.patches;
  }

  get #selected(): string | null {
    const { patches, patch } = this.store.view.layers;
    return patches.some(({ name }) => name === patch) ? patch : (patches[0]?.name ?? null);
  }

  get #input(): string | undefined {
    return (this.store.shown?.explanation.attributions.length ?? 0) > 1 ? this.attribution.input : undefined;
  }

  /** A new patch in the middle, to be moved by keys; in place of the selected one where there are as many as may be. */
  startPatch(): void {
    const region = firstRectangle(this.attribution, this.#input);
    const name = this.#newName();
    this.draft = { name, region, by: "keys", from: { x: 0, y: 0 }, before: null, points: [] };
    this.#say(`New patch ${name}: arrows move it, Shift and arrows resize it, Enter sets it, Escape drops it`);
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".patch-field")?.focus());
  }

  #newName(): string {
    return this.#patches.length < MOST_PATCHES ? nextName(this.#patches) : (this.#selected ?? "A");
  }

  protected override render(): TemplateResult {
    const frame = frameOf(this.attribution);
    const { draft } = this;
    const others = this.#patches.filter(({ name }) => name !== draft?.name);
    const shown: { name: string; region: PictureRegion }[] = others.flatMap(({ name, region }) =>
      isPictureRegion(region) ? [{ name, region }] : [],
    );
    if (draft !== null && draft.region !== null) shown.push({ name: draft.name, region: draft.region });
    return html`<div class="picture patch-picture" ${cssVars({ "aspect-ratio": `${frame.width} / ${frame.height}` })}>
      <pl-photo .store=${this.store} .attribution=${this.attribution}></pl-photo>
      <div class="patch-field" tabindex="0" role="application" aria-roledescription="picture to mark patches on" aria-label=${this.#label()}
        @pointerdown=${this.#onDown} @pointermove=${this.#onMove} @pointerup=${this.#onUp} @pointercancel=${this.#drop} @keydown=${this.#onKey}>
        <svg class="patch-lines" viewBox="${frame.x} ${frame.y} ${frame.width} ${frame.height}" preserveAspectRatio="none" aria-hidden="true">
          ${shown.map((patch) => patchOutline(this.attribution, patch, patch.name === this.#selected || patch.name === draft?.name))}
        </svg>
        ${shown.map(({ name, region }) => this.#name(name, region))}
      </div></div>
      <span class="hidden" aria-live="polite">${this.said}</span>`;
  }

  #label(): string {
    const patches = this.#patches.flatMap(({ name, region }) =>
      isPictureRegion(region) ? [`${name} ${placeText(region)}`] : [],
    );
    const none = "no patch yet";
    return `Picture with ${patches.length === 0 ? none : `patches ${patches.join("; ")}`}. R starts a new patch, Enter takes up the selected one, digits select, Delete removes`;
  }

  #name(name: string, region: PictureRegion): TemplateResult {
    const frame = frameOf(this.attribution);
    const { x, y, width, height } = placeOf(this.attribution, region);
    const left = (at: number): string => `${((at - frame.x) / frame.width) * 100}%`;
    const top = (at: number): string => `${((at - frame.y) / frame.height) * 100}%`;
    const low = (y - frame.y) / frame.height < 0.09;
    const canResize = region.kind === "rectangle" && name === this.#selected && this.draft === null;
    return html`<b class="patch-name ${low ? "inside" : ""}" ${cssVars({ left: left(x), top: top(y) })}>${name}</b>${
      canResize
        ? handles.map(
            (handle) =>
              html`<i class="handle" data-x=${handle.x} data-y=${handle.y} ${cssVars({
                left: left(x + ((handle.x + 1) / 2) * width),
                top: top(y + ((handle.y + 1) / 2) * height),
                cursor: cursorOf(handle),
              })}></i>`,
          )
        : nothing
    }`;
  }

  /** Where the pointer is, in pixels of the model's picture. */
  #point(event: PointerEvent): Point {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const frame = frameOf(this.attribution);
    return toModel(this.attribution, {
      x: frame.x + ((event.clientX - box.left) / box.width) * frame.width,
      y: frame.y + ((event.clientY - box.top) / box.height) * frame.height,
    });
  }

  readonly #onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const field = event.currentTarget as HTMLElement;
    const from = this.#point(event);
    const handle = (event.target as HTMLElement).closest<HTMLElement>(".handle");
    const hit = this.#hit(from, handle !== null);
    field.setPointerCapture(event.pointerId);
    field.focus({ preventScroll: true });
    if (hit !== null && !this.lasso) {
      this.store.setLayers({ patch: hit.name });
      const by = handle === null ? "move" : handleOf(handle);
      this.draft = { name: hit.name, region: hit.region, before: hit.region, by, from, points: [] };
    } else {
      const by = this.lasso ? "lasso" : "new";
      this.draft = { name: this.#newName(), region: null, before: null, by, from, points: [from] };
    }
    event.preventDefault();
  };

  /** The patch that is pressed on: of a handle the selected one, else the selected one first. */
  #hit(point: Point, isHandle: boolean): { name: string; region: PictureRegion } | null {
    const selected = this.#selected;
    const all = this.#patches.flatMap(({ name, region }) => (isPictureRegion(region) ? [{ name, region }] : []));
    const own = all.find(({ name }) => name === selected);
    if (own !== undefined && (isHandle || contains(own.region, point))) return own;
    return all.find(({ region }) => contains(region, point)) ?? null;
  }

  readonly #onMove = (event: PointerEvent): void => {
    const { draft } = this;
    if (draft === null || draft.by === "keys") return;
    const point = this.#point(event);
    const by = { x: point.x - draft.from.x, y: point.y - draft.from.y };
    if (draft.by === "lasso") {
      const points = simplified(
        [...draft.points, point],
        Math.min(this.attribution.width, this.attribution.height) / 200,
      );
      const region: PictureRegion | null = points.length < 3 ? null : polygonOf(points, this.#input);
      this.draft = { ...draft, points, region };
    } else if (draft.by === "new") {
      this.draft = { ...draft, region: rectangleBetween(draft.from, point, this.attribution, this.#input) };
    } else if (draft.before !== null) {
      const region =
        draft.by === "move" || draft.before.kind === "polygon"
          ? moved(draft.before, by, this.attribution)
          : resized(draft.before, draft.by, by, this.attribution);
      this.draft = { ...draft, region };
    }
  };

  readonly #onUp = (event: PointerEvent): void => {
    const { draft } = this;
    if (draft === null || draft.by === "keys") return;
    const point = this.#point(event);
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const far = Math.hypot(point.x - draft.from.x, point.y - draft.from.y) * (box.width / this.attribution.width);
    const isDrawn = draft.by === "lasso" ? draft.points.length > 4 : far > CLICK;
    if (isDrawn) this.#set();
    else this.draft = null;
  };

  readonly #drop = (): void => {
    this.draft = null;
  };

  #set(): void {
    const { draft } = this;
    this.draft = null;
    if (draft === null || draft.region === null) return;
    const { name, region } = draft;
    if (isEmpty(region, this.attribution)) {
      this.#say("The lasso holds no pixel: draw it larger");
      return;
    }
    this.#say(`Patch ${name} set, ${placeText(region)}`);
    this.dispatchEvent(
      new CustomEvent("pl-patches", { detail: { patches: withPatch(this.#patches, { name, region }), name } }),
    );
  }

  #say(text: string): void {
    this.said = text;
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(this.draft?.by === "keys" ? this.#draftKey(event) : this.#pictureKey(event))) return;
    event.preventDefault();
    event.stopPropagation();
  };

  #draftKey(event: KeyboardEvent): boolean {
    const { draft } = this;
    if (draft === null || draft.region === null) return false;
    if (event.key === "Enter") this.#set();
    else if (event.key === "Escape") {
      this.draft = null;
      this.#say("Dropped");
    } else {
      const arrow = arrows[event.key];
      if (arrow === undefined) return false;
      const step = arrowStep(this.attribution);
      const by = { x: arrow.x * step, y: arrow.y * step };
      const { region } = draft;
      const next =
        event.shiftKey && region.kind === "rectangle"
          ? resized(region, { x: 1, y: 1 }, by, this.attribution)
          : moved(region, by, this.attribution);
      this.draft = { ...draft, region: next };
      this.#say(placeText(next));
    }
    return true;
  }

  #pictureKey(event: KeyboardEvent): boolean {
    const selected = this.#patches.find(({ name }) => name === this.#selected);
    const numbered = this.#patches[Number(event.key) - 1];
    if (event.key.toLowerCase() === "r") this.startPatch();
    else if (numbered !== undefined) {
      this.store.setLayers({ patch: numbered.name });
      this.#say(`Patch ${numbered.name} is selected`);
    } else if (selected !== undefined && isPictureRegion(selected.region) && event.key === "Enter") {
      const { name, region } = selected;
      this.draft = { name, region, before: region, by: "keys", from: { x: 0, y: 0 }, points: [] };
      this.#say(`Patch ${name}: arrows move it, Shift and arrows resize it, Enter sets it`);
    } else if (selected !== undefined && (event.key === "Delete" || event.key === "Backspace")) {
      const patches = this.#patches.filter(({ name }) => name !== selected.name);
      this.#say(`Patch ${selected.name} removed`);
      this.dispatchEvent(new CustomEvent("pl-patches", { detail: { patches, name: patches[0]?.name ?? null } }));
    } else return false;
    return true;
  }
}
customElements.define("pl-patch-picture", PatchPicture);

const arrows: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

function polygonOf(points: readonly Point[], input: string | undefined): PictureRegion {
  return { kind: "polygon", ...(input === undefined ? {} : { input }), points: [...points] };
}

function placeText(region: PictureRegion): string {
  const { x0, y0, x1, y1 } = boundsOf(region);
  const [left, right, top, bottom] = [x0, x1, y0, y1].map(Math.round);
  return `columns ${left} to ${right}, rows ${top} to ${bottom}${region.kind === "polygon" ? ", a lasso" : ""}`;
}

function handleOf(element: HTMLElement): Handle {
  const side = (text: string | undefined): -1 | 0 | 1 => (text === "-1" ? -1 : text === "1" ? 1 : 0);
  return { x: side(element.dataset["x"]), y: side(element.dataset["y"]) };
}

function cursorOf({ x, y }: Handle): string {
  if (x === 0) return "ns-resize";
  if (y === 0) return "ew-resize";
  return x === y ? "nwse-resize" : "nesw-resize";
}
