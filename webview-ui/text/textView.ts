import { html, nothing, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { Explanation, TextAttribution } from "../../src/protocol/explanation.ts";
import { formatScore, formatShare, formatSigned } from "../../src/protocol/format.ts";
import { gradientCaption } from "../../src/protocol/verdict.ts";
import { listText, windowsReading, windowText } from "../../src/protocol/windowWords.ts";
import { checkbox, segmented, slider } from "../elements/controls.ts";
import { formatError, type ReadoutField, readout } from "../elements/readout.ts";
import { scaleBar } from "../elements/scaleBar.ts";
import { spokenReading } from "../elements/spokenReading.ts";
import { valueBars } from "../elements/valueBars.ts";
import { ValueListView } from "../elements/valueListView.ts";
import { theme } from "../model/theme.ts";
import { Unchanged } from "../model/unchanged.ts";
import { isBeforeFirstMap, methodNames, plural } from "../model/words.ts";
import { howRead } from "./howRead.ts";
import { type TextMark, type TextSection, type TextSections, textSections } from "./textSections.ts";
import { isAdded, type TextUnit } from "./tokenGroups.ts";
import { type TokenRowLook, tokenRow } from "./tokenRow.ts";
import "../table/valueTable.ts";
import "./whatIfCard.ts";

const STRONGEST = 9;
/** Longer sets of ids are cut where one mark is read: a sentence, a stretch of bytes. */
const MOST_IDS = 12;

const unitLabels: Readonly<Record<TextUnit, string>> = { sentence: "Sentences", word: "Words", token: "Tokens" };
const unitTitles: Readonly<Record<TextUnit, string>> = { sentence: "Sentence", word: "Word", token: "Token" };

/** The texts of an explanation with the value of each mark, the strongest as bars, and the plain gradient for comparison. */
class TextView extends ValueListView<TextMark> {
  static override properties: PropertyDeclarations = { texts: { attribute: false } };
  declare texts: readonly TextAttribution[];
  #inSight: number | null = null;
  readonly #same = new Unchanged();
  #sections: TextSections = textSections([], "word");
  #items: readonly TextMark[] = [];

  override get items(): readonly TextMark[] {
    this.#read();
    return this.#items;
  }

  get sections(): TextSections {
    this.#read();
    return this.#sections;
  }

  #read(): void {
    const { unit, specialTokens } = this.store.view;
    if (this.#same.check(unit, specialTokens, ...this.texts)) return;
    this.#sections = textSections(this.texts, unit);
    const shown = this.#sections.sections.map((section) =>
      specialTokens ? section : { ...section, marks: section.marks.filter((mark) => !isAdded(mark)) },
    );
    this.#sections = { ...this.#sections, sections: shown };
    this.#items = shown.flatMap(({ marks }) => marks);
  }

  /** A long text scrolls by itself: what is chosen in the list or by key comes into sight, in both rows alike. */
  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { selectedIndex } = this.store.view;
    if (selectedIndex === this.#inSight) return;
    this.#inSight = selectedIndex;
    for (const field of this.querySelectorAll<HTMLElement>(".tokens.long, .tokens.sentences")) {
      const chosen = field.querySelector("[aria-selected=true]")?.getBoundingClientRect();
      if (chosen === undefined) continue;
      const seen = field.getBoundingClientRect();
      const isSeen = chosen.top >= seen.top && chosen.bottom <= seen.bottom;
      if (!isSeen) field.scrollTop += (chosen.top + chosen.bottom - seen.top - seen.bottom) / 2;
    }
  }

  override cycleGrain(): void {
    const { units, unit } = this.sections;
    this.store.setView({ unit: units[(units.indexOf(unit) + 1) % units.length] ?? "word" });
  }

  protected override placeOf(mark: TextMark): string {
    const heading = this.#sectionOf(mark)?.heading ?? null;
    return heading === null ? mark.text : `${mark.text} (${heading})`;
  }

  #sectionOf(mark: TextMark): TextSection | undefined {
    return this.sections.sections.find(({ marks }) => marks.includes(mark));
  }

  protected override render(): TemplateResult {
    const { shown, view } = this.store;
    const explanation = shown?.explanation;
    if (explanation === undefined) return html``;
    const { unit, units, added } = this.sections;
    return html`<div class="tools" role="toolbar" aria-label="Text">
        ${segmented(
          "Unit",
          units.map((value) => ({ value, label: unitLabels[value] })),
          unit,
          (wanted) => this.store.setView({ unit: wanted }),
        )}
        ${slider("Hide below", "Hide values below, of the scale", view.textThreshold, 0.6, (textThreshold) => this.store.setView({ textThreshold }))}
        ${
          added.count === 0
            ? nothing
            : checkbox("Special tokens and padding", view.specialTokens, (specialTokens) =>
                this.store.setView({ specialTokens }),
              )
        }
      </div>
      ${
        view.table
          ? html`<pl-value-table .store=${this.store} .rows=${this.rows(explanation)} .selected=${this.selected}
              placeTitle=${unitTitles[unit]} noun=${unit}
              @pl-pick=${(event: CustomEvent<number>) => this.select(event.detail)}></pl-value-table>${this.#reading(explanation)}${this.#whatIf(explanation)}`
          : this.#text(explanation)
      }`;
  }

  #text(explanation: Explanation): TemplateResult {
    const { view } = this.store;
    const { items } = this;
    const { unit } = this.sections;
    const strongest = [...this.ranking.order.slice(0, STRONGEST)].map((position) => {
      const mark = items[position] as TextMark;
      return { ...mark, text: this.placeOf(mark), position };
    });
    const isRunning = explanation.status === "running";
    const gradient =
      explanation.method === "integrated-gradients" && this.texts.every((text) => text.gradient !== null);
    return html`<h2>${methodNames[explanation.method]} <small>adds up to ${formatSigned(explanation.sum)} of ${formatSigned(explanation.deltaF)}${isRunning ? ", still coarse" : ""}${this.#addedNote()}</small></h2>
      ${this.#rows(({ value }) => value, "with their attribution", explanation, true)}
      ${this.#reading(explanation)}
      ${
        isBeforeFirstMap(explanation)
          ? nothing
          : html`<div class="two">
              ${valueBars(
                `Strongest ${unit}s`,
                strongest,
                explanation.deltaF,
                view.colorMap,
                this.selected,
                (position) => this.select(position),
                { names: unit === "sentence" || this.sections.sections.length > 1 ? "wide" : "narrow" },
              )}
              ${this.#whatIf(explanation)}
            </div>`
      }
      ${
        gradient
          ? html`<h2 class="spaced-heading">Plain gradient <small>${
              explanation.gradientSum === null
                ? ""
                : gradientCaption(explanation.gradientSum, explanation.deltaF, explanation.target.link)
            }</small></h2>
            ${this.#rows(({ gradient: value }) => value ?? 0, "with what the plain gradient says", explanation, false)}`
          : nothing
      }`;
  }

  /** What is not shown still adds up. */
  #addedNote(): string {
    const { added } = this.sections;
    if (added.count === 0 || this.store.view.specialTokens) return "";
    return `; special tokens and padding, not shown, ${formatSigned(added.total)}`;
  }

  /** One list over all fields, each under its heading and on the same scale. */
  #rows(read: (mark: TextMark) => number, what: string, explanation: Explanation, main: boolean): TemplateResult {
    const { view } = this.store;
    const { sections, unit, added } = this.sections;
    const { deltaF } = explanation;
    let first = 0;
    const rows = sections.map((section) => {
      const look: TokenRowLook = {
        label: `${section.heading === null ? "" : `${section.heading}: `}${unitLabels[unit].toLowerCase()} ${what}`,
        unit,
        direction: section.direction,
        limit: this.limit,
        threshold: view.textThreshold,
        scale: theme().scale(view.colorMap),
        deltaF,
        selected: this.selected,
        first,
        interactive: main,
        small: !main,
        windowTitle: (window) => this.#windowTitle(section, window, explanation),
        pick: (position) => this.select(position),
        move: (by) => this.#move(by),
        enter: () => this.querySelector<HTMLElement>("pl-what-if .card > .buttons button:not(:disabled)")?.focus(),
      };
      first += section.marks.length;
      const marks = section.marks as readonly TextMark[];
      const share = deltaF === 0 ? "" : `, ${formatShare(section.total / deltaF)} of the change`;
      return html`${
        section.heading === null
          ? nothing
          : html`<h3 class="field">${section.heading} ${
              main && !isBeforeFirstMap(explanation)
                ? html`<small>adds up to ${formatSigned(section.total)}${share}</small>`
                : nothing
            }</h3>`
      }${tokenRow(marks, (mark) => read(mark as TextMark), look)}${main ? this.#howRead(section, explanation) : nothing}`;
    });
    const others =
      main && sections.length > 1 && added.count > 0 && !isBeforeFirstMap(explanation)
        ? html`<p class="dim small added">Special tokens and padding, in none of them, add up to ${formatSigned(added.total)}.</p>`
        : nothing;
    return html`<div class=${main ? "text-rows" : "gradient-rows"}>${rows}${others}</div>`;
  }

  #move(by: number): void {
    const next = Math.max(0, Math.min(this.items.length - 1, this.selected + by));
    this.select(next);
    this.querySelector<HTMLElement>(`.text-rows [data-position="${next}"]`)?.focus();
  }

  #whatIf(explanation: Explanation): TemplateResult | typeof nothing {
    if (this.store.readOnly || isBeforeFirstMap(explanation)) return nothing;
    const mark = this.items[this.selected];
    const text = mark === undefined ? undefined : this.texts[mark.attribution];
    return html`<pl-what-if .store=${this.store} .mark=${mark ?? null} .text=${text ?? null}></pl-what-if>`;
  }

  #reading(explanation: Explanation): TemplateResult {
    const mark = this.items[this.selected];
    if (mark === undefined || isBeforeFirstMap(explanation)) return html``;
    const { unit } = this.sections;
    const heading = this.#sectionOf(mark)?.heading ?? null;
    const more = mark.ids.length - MOST_IDS;
    const fields: ReadoutField[] = [
      { term: unitTitles[unit], value: mark.text },
      ...this.#readIn(mark),
      ...(heading === null ? [] : [{ term: "In", value: heading }]),
      {
        term: "Value",
        value: formatSigned(mark.value),
        note: mark.error === null ? "error not known yet" : formatError(mark.error),
      },
      ...(explanation.deltaF === 0
        ? []
        : [{ term: "Share of change", value: formatShare(mark.value / explanation.deltaF) }]),
      {
        term: "Rank",
        value: String(this.ranking.rankOf[this.selected] ?? 0),
        note: `of ${plural(this.items.length, unit)}`,
      },
      {
        term: mark.ids.length === 1 ? "Token id" : "Token ids",
        value:
          mark.special === "pad"
            ? `${mark.ids[0]} ×${mark.count}`
            : `${mark.ids.slice(0, MOST_IDS).join(" ")}${more > 0 ? " …" : ""}`,
        ...(mark.special === "unknown" ? { note: "unknown token" } : more > 0 ? { note: `and ${more} more` } : {}),
      },
      ...(mark.gradient === null ? [] : [{ term: "Plain gradient", value: formatSigned(mark.gradient) }]),
    ];
    return html`<div class="reading"><div>${readout(fields)}${spokenReading(fields)}</div>
      ${scaleBar(theme().scale(this.store.view.colorMap), formatScore(this.limit, 2), explanation.target.label)}</div>`;
  }

  #windowTitle({ attribution }: TextSection, window: number, { target }: Explanation): string {
    const windows = this.texts[attribution]?.windows;
    return windows === undefined ? "" : windowText(windows, window, target);
  }

  /** The windows of what is chosen. */
  #readIn(mark: TextMark): ReadoutField[] {
    const windows = this.texts[mark.attribution]?.windows;
    if (windows === undefined) return [];
    const numbers = windowsReading(windows, mark.tokens);
    return [
      {
        term: "Read in",
        value: `${numbers.length === 1 ? "window" : "windows"} ${listText(numbers)}`,
        note: `of ${windows.ranges.length}`,
      },
    ];
  }

  #howRead(section: TextSection, explanation: Explanation): TemplateResult | typeof nothing {
    const text = this.texts[section.attribution];
    return text === undefined
      ? nothing
      : howRead(this.store, { text, field: section.field, texts: this.texts, explanation });
  }
}
customElements.define("pl-text-view", TextView);
