import { html, nothing, type TemplateResult } from "lit";
import { type CellGrid, poolCells, scaleLimit } from "../../src/common/mapLayout.ts";
import type { Attribution, ImageAttribution, TextAttribution } from "../../src/protocol/explanation.ts";
import { formatScore, formatSigned } from "../../src/protocol/format.ts";
import type { Comparison } from "../../src/protocol/panel.ts";
import { agreementOf } from "../../src/protocol/verdict.ts";
import { icon } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { valueBars } from "../elements/valueBars.ts";
import type { Picture } from "../model/picture.ts";
import { theme } from "../model/theme.ts";
import { tensorItems } from "../tensor/tensorView.ts";
import { textSections } from "../text/textSections.ts";
import { type TokenGroup, tokenGroups } from "../text/tokenGroups.ts";
import { tokenRow } from "../text/tokenRow.ts";
import "./comparedMap.ts";

function sameShape(left: Attribution, right: Attribution): boolean {
  if (left.values.length !== right.values.length) return false;
  if (left.kind === "text" && right.kind === "text") {
    return left.tokens.every(({ id }, index) => id === right.tokens[index]?.id);
  }
  if (left.kind === "image" && right.kind === "image")
    return left.width === right.width && left.height === right.height;
  return left.kind === right.kind;
}

/** Two maps and their difference on one scale, with how well they agree in words. */
class ComparisonView extends StoreElement {
  protected override render(): TemplateResult | typeof nothing {
    const { comparison, comparedPictures } = this.store;
    if (comparison === null) return nothing;
    const left = comparison.left.explanation.attributions[0];
    const right = comparison.right.explanation.attributions[0];
    if (left === undefined || right === undefined) return nothing;
    const agreement = agreementOf(comparison.rankCorrelation, comparison.topOverlap);
    return html`<section class="comparison" aria-label="Comparison">
      ${
        left.kind === "image" && right.kind === "image"
          ? this.#images(comparison, left, right, comparedPictures)
          : left.kind === "text" && right.kind === "text"
            ? this.#texts(comparison, left, right)
            : this.#bars(comparison, left, right)
      }
      <div class="banner info">${icon("info")}<div><b>${agreement.title}</b><p>${agreement.sentence}</p></div><span></span></div>
    </section>`;
  }

  #heading(comparison: Comparison, limit: number): TemplateResult {
    const end = formatScore(limit, 2);
    return html`<div class="row"><h2>Compare <small>${comparison.caption} · one scale for all: −${end} … +${end}</small></h2><span class="spring"></span>
      <button class="ico" aria-label="Close the comparison" title="Close the comparison" @click=${() => this.store.post({ type: "closeComparison" })}>${icon("close")}</button></div>`;
  }

  #images(
    comparison: Comparison,
    left: ImageAttribution,
    right: ImageAttribution,
    pictures: readonly [Picture | null, Picture | null],
  ): TemplateResult {
    const grain = this.store.view.grain ?? Math.max(left.grain, right.grain);
    const first = poolCells(left.values, left.height, left.width, grain);
    const second = poolCells(right.values, right.height, right.width, grain);
    const limit = Math.max(scaleLimit(first.values), scaleLimit(second.values));
    const difference: CellGrid | null = sameShape(left, right)
      ? { ...first, values: first.values.map((value, index) => value - (second.values[index] as number)) }
      : null;
    const figure = (
      title: string,
      note: string,
      attribution: ImageAttribution,
      grid: CellGrid,
      picture: Picture | null,
      errors: Float32Array | null,
    ): TemplateResult => html`<figure><figcaption><b>${title}</b><span class="dim">${note}</span></figcaption>
      <pl-compared-map .store=${this.store} .attribution=${attribution} .grid=${grid} .limit=${limit} .picture=${picture} .errors=${errors} label="${title}, ${note}"></pl-compared-map></figure>`;
    const errorsOf = (attribution: ImageAttribution): Float32Array | null =>
      attribution.grain === grain ? attribution.cellErrors : null;
    return html`${this.#heading(comparison, limit)}<div class="maps ${difference === null ? "" : "three"}">
      ${figure(comparison.leftLabel, this.#sum(comparison.left), left, first, pictures[0], errorsOf(left))}
      ${figure(comparison.rightLabel, this.#sum(comparison.right), right, second, pictures[1], errorsOf(right))}
      ${difference === null ? nothing : figure("Difference", "first minus second", left, difference, pictures[0], null)}</div>`;
  }

  #sum({ explanation }: Comparison["left"]): string {
    return `${formatSigned(explanation.sum)} of ${formatSigned(explanation.deltaF)}`;
  }

  #texts(comparison: Comparison, left: TextAttribution, right: TextAttribution): TemplateResult {
    const { textThreshold, colorMap } = this.store.view;
    const { unit } = textSections([left, right], this.store.view.unit);
    const first = tokenGroups(left, unit);
    const second = tokenGroups(right, unit);
    const limit = Math.max(...[...first, ...second].map(({ value }) => Math.abs(value)), 0);
    const row = (
      title: string,
      note: string,
      groups: readonly TokenGroup[],
    ): TemplateResult => html`<h2 class="spaced-heading">${title} <small>${note}</small></h2>
      ${tokenRow(groups, ({ value }) => value, {
        label: `${title}, ${note}`,
        unit,
        limit,
        threshold: textThreshold,
        scale: theme().scale(colorMap),
        deltaF: 0,
        selected: -1,
        interactive: false,
        small: true,
        pick: () => undefined,
      })}`;
    const difference = sameShape(left, right)
      ? first.map((group, index) => ({ ...group, value: group.value - (second[index]?.value ?? 0), error: null }))
      : null;
    return html`${this.#heading(comparison, limit)}${row(comparison.leftLabel, this.#sum(comparison.left), first)}
      ${row(comparison.rightLabel, this.#sum(comparison.right), second)}
      ${difference === null ? nothing : row("Difference", "first minus second", difference)}`;
  }

  #bars(comparison: Comparison, left: Attribution, right: Attribution): TemplateResult {
    const limit = Math.max(...[left, right].flatMap(({ values }) => [...values].map(Math.abs)), 0);
    const list = (title: string, attribution: Attribution, deltaF: number): TemplateResult | typeof nothing => {
      if (attribution.kind !== "tensor") return nothing;
      const items = tensorItems(attribution)
        .map((item, position) => ({ ...item, position }))
        .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
        .slice(0, 12);
      return valueBars(title, items, deltaF, this.store.view.colorMap, -1, () => undefined, { names: "fit", limit });
    };
    return html`${this.#heading(comparison, limit)}<div class="two">${list(comparison.leftLabel, left, comparison.left.explanation.deltaF)}${list(
      comparison.rightLabel,
      right,
      comparison.right.explanation.deltaF,
    )}</div>`;
  }
}
customElements.define("pl-comparison", ComparisonView);
