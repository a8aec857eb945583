import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import { rankByStrength } from "../../src/common/mapLayout.ts";
import type { TensorAttribution, TextAttribution } from "../../src/protocol/explanation.ts";
import { formatSigned } from "../../src/protocol/format.ts";
import type { Patch } from "../../src/protocol/neurons.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { tensorItems } from "../tensor/tensorView.ts";
import { tokenGroups } from "../text/tokenGroups.ts";
import { nextName, withPatch } from "./patchGeometry.ts";

/** One part of a text or a row: a word, a feature. */
interface Item {
  readonly text: string;
  /** Tokens or features that it stands for. */
  readonly members: readonly number[];
  readonly value: number;
  readonly spaced: boolean;
  /** Of a feature: what stands there in the sample. */
  readonly note?: string | undefined;
}

/** Rows of a table that are offered: the strongest. */
const MOST_FEATURES = 64;

/**
 * Words of a text, or rows of a table, gathered into patches: a click or Space puts one into the patch that is being made,
 * and takes it out again; with Shift all between the last one and this.
 */
class ItemPatches extends StoreElement {
  static override properties: PropertyDeclarations = { attribution: { attribute: false }, at: { state: true } };
  declare attribution: TextAttribution | TensorAttribution;
  /** Position of the item that is read. */
  at = 0;
  #anchor = 0;
  #items: { readonly of: unknown; readonly items: readonly Item[] } | null = null;

  get items(): readonly Item[] {
    if (this.#items?.of !== this.attribution) this.#items = { of: this.attribution, items: itemsOf(this.attribution) };
    return this.#items.items;
  }

  /** The patch that is being made: the chosen one, or a first one. */
  get #name(): string {
    const { patches, patch } = this.store.view.layers;
    return patch ?? patches[0]?.name ?? "A";
  }

  #membersOf(name: string): ReadonlySet<number> {
    const region = this.store.view.layers.patches.find((patch) => patch.name === name)?.region;
    if (region?.kind === "tokens") return new Set(region.tokens);
    return new Set(region?.kind === "features" ? region.features : []);
  }

  protected override render(): TemplateResult {
    const { patches } = this.store.view.layers;
    const isText = this.attribution.kind === "text";
    const held = patches.map(({ name }) => ({ name, members: this.#membersOf(name) }));
    const stop = Math.min(this.at, this.items.length - 1);
    return html`<div class="items ${isText ? "of-text" : "of-table"}" role="listbox" aria-multiselectable="true" aria-orientation=${isText ? "horizontal" : "vertical"}
      aria-label="${isText ? "Words" : "Features"}: Space puts one into patch ${this.#name}" @keydown=${this.#onKey}>
      ${this.items.map(({ text, note, members, value, spaced }, at) => {
        const names = held
          .filter((patch) => members.every((member) => patch.members.has(member)))
          .map(({ name }) => name);
        const own = names.includes(this.#name);
        const named = note === undefined ? text : `${text} = ${note}`;
        const said = `${named}, ${formatSigned(value)}${names.length === 0 ? "" : `, in ${names.join(" and ")}`}`;
        return html`<button role="option" class="item ${names.length === 0 ? "" : "marked"} ${own ? "own" : ""} ${spaced ? "spaced" : ""}" data-at=${at} tabindex=${at === stop ? 0 : -1}
          aria-selected=${own ? "true" : "false"} aria-label=${said} title=${said} @click=${(event: MouseEvent) => this.#toggle(at, event.shiftKey)}
          ><span>${text}</span>${isText ? nothing : html`<span class="dim">${note}</span><span class="attributed">${formatSigned(value)}</span>`}${names.length > 0 ? html`<b>${names.join("")}</b>` : isText ? nothing : html`<i></i>`}</button>`;
      })}</div>`;
  }

  /** `extend`: with all between the last one that was chosen and this. */
  #toggle(at: number, extend: boolean): void {
    const name = this.#name;
    const members = new Set(this.#membersOf(name));
    const [low, high] = extend ? [Math.min(this.#anchor, at), Math.max(this.#anchor, at)] : [at, at];
    const meant = this.items.slice(low, high + 1).flatMap((item) => [...item.members]);
    const remove = !extend && meant.every((member) => members.has(member));
    for (const member of meant) {
      if (remove) members.delete(member);
      else members.add(member);
    }
    this.at = at;
    if (!extend) this.#anchor = at;
    const { patches } = this.store.view.layers;
    const next =
      members.size === 0
        ? patches.filter((patch) => patch.name !== name)
        : withPatch(patches, this.#patch(name, [...members]));
    this.dispatchEvent(new CustomEvent("pl-patches", { detail: { patches: next, name } }));
  }

  #patch(name: string, members: readonly number[]): Patch {
    const { attribution } = this;
    const several = (this.store.shown?.explanation.attributions.length ?? 0) > 1;
    const input = several ? { input: attribution.input } : {};
    const sorted = [...members].sort((a, b) => a - b);
    return {
      name,
      region:
        attribution.kind === "text"
          ? { kind: "tokens", ...input, tokens: sorted }
          : { kind: "features", ...input, features: sorted },
    };
  }

  /** Starts another patch; what is chosen next goes into it. */
  startPatch(): void {
    this.store.setLayers({ patch: nextName(this.store.view.layers.patches) });
    this.querySelector<HTMLElement>(".item[tabindex='0']")?.focus();
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      this.at = Math.max(0, Math.min(this.items.length - 1, this.at + by));
      if (event.shiftKey) this.#toggle(this.at, true);
      void this.updateComplete.then(() => this.querySelector<HTMLElement>(".item[tabindex='0']")?.focus());
    } else if (event.key === " " || event.key === "Enter") this.#toggle(this.at, event.shiftKey);
    else if (event.key.toLowerCase() === "r") this.startPatch();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}
customElements.define("pl-item-patches", ItemPatches);

function itemsOf(attribution: TextAttribution | TensorAttribution): readonly Item[] {
  if (attribution.kind === "text") {
    return tokenGroups(attribution, "word").map(({ text, tokens, value, spaced }) => ({
      text,
      members: [...tokens],
      value,
      spaced,
    }));
  }
  const items = tensorItems(attribution);
  return [...rankByStrength(attribution.values).order.slice(0, MOST_FEATURES)].flatMap((at) => {
    const item = items[at];
    return item === undefined
      ? []
      : [{ text: item.text, note: item.note, members: [item.index], value: item.value, spaced: false }];
  });
}
