import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { Explanation, Prediction, TextAttribution } from "../../src/protocol/explanation.ts";
import { formatProbability, formatScore, formatSigned, formatSignedAlike } from "../../src/protocol/format.ts";
import type { WhatIfState } from "../../src/protocol/panel.ts";
import { areProbabilities } from "../../src/protocol/probability.ts";
import type { WhatIfChange, WhatIfMeasured } from "../../src/protocol/whatIf.ts";
import {
  disagreement,
  editAsText,
  editTitle,
  type MeasuredEdit,
  promiseOf,
  quotedTokens,
} from "../../src/protocol/whatIfWords.ts";
import { icon } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";
import type { TextMark } from "./textSections.ts";
import { isAdded } from "./tokenGroups.ts";

type Item = WhatIfState["items"][number];

/** Edits of the text: what the map promises of each beside what the model says. */
class WhatIfCard extends StoreElement {
  static override properties: PropertyDeclarations = {
    mark: { attribute: false },
    text: { attribute: false },
    replacing: { state: true },
    open: { state: true },
    ticked: { state: true },
    focused: { state: true },
  };
  mark: TextMark | null = null;
  text: TextAttribution | null = null;
  /** The words that are typed in place of the mark; null: none are. */
  replacing: string | null = null;
  /** Id of the edit whose particulars are shown. */
  open: string | null = null;
  ticked: readonly string[] = [];
  /** Id of the row that Tab comes to. */
  focused: string | null = null;

  protected override render(): TemplateResult | typeof nothing {
    const { shown, whatIf } = this.store;
    if (shown === null || this.text === null) return nothing;
    const { explanation } = shown;
    // Of another run: they are on their way.
    const state = whatIf !== null && whatIf.runId === explanation.runId ? whatIf : null;
    return html`<section class="what-if" aria-label="What if" @keydown=${this.#onKey}>
      <h2>What if <small>does removing it do what the map says?</small></h2>
      <div class="card">
        ${state === null || state.items.length === 0 ? nothing : this.#table(explanation, state)}
        ${this.#buttons(explanation, state)}
      </div>
      ${this.#below(explanation, state)}
    </section>`;
  }

  #table(explanation: Explanation, state: WhatIfState): TemplateResult {
    const largest = Math.max(0, ...figuresOf(explanation, state));
    const isProbability = probabilityOf(state.original?.target ?? null, explanation) !== null;
    const stop = state.items.some(({ id }) => id === this.focused) ? this.focused : state.items[0]?.id;
    return html`<table>
      <caption class="hidden">Edits of the text: what the map says, what was measured</caption>
      <thead><tr><th scope="col">Edit</th><th scope="col" class="right">Map says</th><th scope="col" class="right">Measured</th>
        <th scope="col" class="right target" title=${explanation.target.label}>${isProbability ? explanation.target.label : "Score"}</th><th class="end"></th></tr></thead>
      <tbody>${state.items.map((item) => this.#row(explanation, state, item, { isStop: item.id === stop, largest }))}</tbody>
    </table>`;
  }

  #row(
    explanation: Explanation,
    state: WhatIfState,
    item: Item,
    { isStop, largest }: { readonly isStop: boolean; readonly largest: number },
  ): TemplateResult {
    const title = editTitle(explanation, item.edit);
    const isOpen = this.open === item.id;
    const { result } = item;
    const measured = result?.kind === "measured" ? result : null;
    const change = measured === null || state.original === null ? null : measured.score - state.original.score;
    const promise = measured === null ? null : promiseOf(explanation, measured.removed);
    const failed = result?.kind === "failed" ? result : null;
    const said =
      failed !== null
        ? `${title}: ${failed.message}`
        : change === null || promise === null
          ? `${title}: being measured`
          : `${title}: the map says ${formatSigned(promise)}, measured ${formatSigned(change)}`;
    return html`<tr tabindex=${isStop ? 0 : -1} data-id=${item.id} aria-selected=${isOpen ? "true" : "false"} aria-expanded=${isOpen ? "true" : "false"} aria-label=${said}
        title=${measured?.texts.map(({ text }) => text).join("\n") ?? nothing}
        @click=${() => this.#toggle(item.id)} @focus=${() => {
          this.focused = item.id;
        }}>
        <td class="edit"><label class="check" @click=${(event: Event) => event.stopPropagation()}><input type="checkbox" tabindex="-1" aria-label="Combine: ${title}"
          .checked=${this.ticked.includes(item.id)} @change=${() => this.#tick(item.id)} /><span class="box">${icon("check")}</span></label><span>${title}</span></td>
        ${
          failed !== null
            ? html`<td colspan="3" class="right dim">${failed.message}</td>`
            : html`<td class="right">${promise === null ? "–" : formatSignedAlike(promise, largest)}</td>
              <td class="right">${change === null ? "…" : formatSignedAlike(change, largest)}</td>
              <td class="right">${measured === null ? "" : this.#probability(measured, explanation)}</td>`
        }
        <td class="end"><button class="ico" tabindex="-1" aria-label="Remove: ${title}" title="Remove (Delete)" @click=${(
          event: Event,
        ) => {
          event.stopPropagation();
          this.store.post({ type: "removeWhatIf", id: item.id });
        }}>${icon("close")}</button></td>
      </tr>${isOpen ? html`<tr class="particulars"><td colspan="5">${this.#particulars(explanation, state, item, title)}</td></tr>` : nothing}`;
  }

  #probability(measured: WhatIfMeasured, explanation: Explanation): string {
    const probability = probabilityOf(measured.target, explanation);
    return probability === null ? formatScore(measured.score) : formatProbability(probability);
  }

  #particulars(
    explanation: Explanation,
    state: WhatIfState,
    { id, edit, result }: Item,
    title: string,
  ): TemplateResult {
    if (result === null) return html`<p class="dim">Being measured.</p>`;
    if (result.kind === "failed")
      return html`<p>${result.message} <span class="dim">${result.whatToDo ?? ""}</span></p>`;
    const original = state.original?.score ?? result.score;
    return html`${result.texts.map(
      ({ name, text }) =>
        html`<p class="edited-text">${result.texts.length > 1 && name !== null ? html`<span class="dim">${name}: </span>` : nothing}${text}</p>`,
    )}
      <p class="dim small">${explanation.target.label} ${formatScore(original)} → ${formatScore(result.score)}${
        result.predictions.length > 1
          ? html` · ${result.predictions
              .slice(0, 3)
              .map(
                (prediction, at) =>
                  html`${at > 0 ? ", " : ""}${prediction.label} ${probabilityOf(prediction, explanation) === null ? formatScore(prediction.score) : formatProbability(prediction.score)}`,
              )}`
          : nothing
      }${result.notes.map((note) => html`<br />${note}`)}</p>
      <div class="buttons">
        <button class="secondary" @click=${() => this.store.post({ type: "explainWhatIf", id, title: `${this.store.state?.sampleTitle ?? explanation.sample.title}: ${title}` })}>Explain it</button>
        <button class="secondary" @click=${() => this.store.post({ type: "copy", text: editAsText(explanation, edit, result, original) })}>Copy as text</button>
        <button class="secondary" @click=${() => this.store.post({ type: "removeWhatIf", id })}>Remove</button>
      </div>`;
  }

  #buttons(explanation: Explanation, state: WhatIfState | null): TemplateResult {
    const { mark, text } = this;
    if (mark === null || text === null) return html``;
    if (isAdded(mark)) {
      return html`<p class="dim">${mark.text} is put there by the tokenizer and stays. Choose a part of the text.</p>`;
    }
    const { blank } = text;
    const quoted = quotedTokens(text, [...mark.tokens]);
    const ready = state !== null && !this.store.dimmed && explanation.status !== "running";
    const ticked = this.ticked.filter((id) => state?.items.some((item) => item.id === id));
    const blankTitle =
      blank === undefined || blank === null
        ? ""
        : `${blank.text} stands in its place: ${{ mask: "the mask token of the model", unknown: "the token for what is not in the vocabulary", pad: "padding, which is left out of the attention where the model takes a mask" }[blank.kind]}`;
    if (this.replacing !== null) return this.#replacement(quoted);
    return html`<div class="buttons">
      ${
        blank === undefined || blank === null
          ? nothing
          : html`<button class="secondary" ?disabled=${!ready} title=${blankTitle} @click=${() => this.#ask({ kind: "blank" })}>${blank.kind === "mask" ? "Mask" : "Blank"} ${quoted}${blank.kind === "mask" ? "" : ` with ${blank.text}`}</button>`
      }
      <button class="secondary" ?disabled=${!ready} title="${quoted} leaves the text, what follows moves up" @click=${() => this.#ask({ kind: "delete" })}>Delete${blank === undefined || blank === null ? ` ${quoted}` : ""}</button>
      <button class="secondary" ?disabled=${!ready} title="Other words in place of ${quoted}" @click=${this.#startReplacing}>Replace…</button>
      ${
        ticked.length > 1
          ? html`<button class="secondary" ?disabled=${!ready} @click=${() => this.#combine(state, ticked)}>Combine ${ticked.length}</button>`
          : nothing
      }
      ${
        state?.busy === true
          ? html`<button class="secondary" @click=${() => this.store.post({ type: "cancelWhatIf" })}>Cancel</button>`
          : nothing
      }
    </div>`;
  }

  #replacement(quoted: string): TemplateResult {
    const isEmpty = this.replacing === "";
    return html`<form class="buttons replacement" @submit=${(event: Event) => {
      event.preventDefault();
      if (this.replacing !== null && !isEmpty) this.#ask({ kind: "replace", text: this.replacing });
      this.#stopReplacing();
    }}><input type="text" maxlength="10000" aria-label="Words in place of ${quoted}" placeholder="in place of ${quoted}" .value=${this.replacing ?? ""}
        @input=${(event: Event) => {
          this.replacing = (event.target as HTMLInputElement).value;
        }} />
      <button class="secondary" type="submit" ?disabled=${isEmpty}>Replace</button>
      <button class="secondary" type="button" @click=${this.#stopReplacing}>Cancel</button></form>`;
  }

  #below(explanation: Explanation, state: WhatIfState | null): TemplateResult | typeof nothing {
    if (state?.error !== null && state?.error !== undefined) {
      return html`<div class="what-if-error" role="alert"><p>${icon("warning")} ${state.error.title} <span class="dim">${state.error.whatToDo ?? ""}</span></p>
        <button class="secondary" @click=${() => this.store.post({ type: "run" })}>Run again</button></div>`;
    }
    const original = state?.original?.score;
    if (state === null || original === undefined) return nothing;
    const edits = state.items.flatMap(({ edit, result }): MeasuredEdit[] =>
      result?.kind === "measured"
        ? [{ edit, promised: promiseOf(explanation, result.removed), measured: result.score - original }]
        : [],
    );
    const sentence = disagreement(explanation, edits);
    const last = edits.at(-1);
    return html`${sentence === null ? nothing : html`<p class="dim">${sentence}</p>`}
      <span class="hidden" role="status">${
        last === undefined
          ? ""
          : `${editTitle(explanation, last.edit)}: the map says ${formatSigned(last.promised)}, measured ${formatSigned(last.measured)}`
      }</span>`;
  }

  #ask(change: { kind: "blank" } | { kind: "delete" } | { kind: "replace"; text: string }): void {
    const { mark, text, store } = this;
    const runId = store.shown?.explanation.runId;
    if (mark === null || text === null || runId === undefined) return;
    const edit: WhatIfChange = { ...change, input: text.input, tokens: [...mark.tokens] };
    store.post({ type: "whatIf", runId, edit: [edit] });
  }

  #combine(state: WhatIfState | null, ids: readonly string[]): void {
    if (state === null) return;
    const edit = state.items.flatMap((item) => (ids.includes(item.id) ? item.edit : []));
    this.store.post({ type: "whatIf", runId: state.runId, edit });
    this.ticked = [];
  }

  #toggle(id: string): void {
    this.focused = id;
    this.open = this.open === id ? null : id;
  }

  #tick(id: string): void {
    this.ticked = this.ticked.includes(id) ? this.ticked.filter((other) => other !== id) : [...this.ticked, id];
  }

  readonly #startReplacing = (): void => {
    this.replacing = "";
    void this.updateComplete.then(() => this.querySelector<HTMLElement>("input[type=text]")?.focus());
  };

  readonly #stopReplacing = (): void => {
    this.replacing = null;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".buttons button:last-of-type")?.focus());
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (event.key === "Escape") {
      if (this.replacing !== null) this.#stopReplacing();
      else if (this.open !== null) this.open = null;
      else return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const id = target.matches("tr[data-id]") ? target.dataset["id"] : undefined;
    if (id === undefined) return;
    const rows = [...this.querySelectorAll<HTMLElement>("tr[data-id]")];
    const at = rows.indexOf(target);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) rows[Math.max(0, Math.min(rows.length - 1, at + by))]?.focus();
    else if (event.key === "Enter") this.#toggle(id);
    else if (event.key === " ") this.#tick(id);
    else if (event.key === "Delete") {
      (rows[at + 1] ?? rows[at - 1] ?? this.querySelector<HTMLElement>(".buttons button"))?.focus();
      this.store.post({ type: "removeWhatIf", id });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
}
customElements.define("pl-what-if", WhatIfCard);

/** All changes in the table, promised and measured, without their signs. */
function figuresOf(explanation: Explanation, { items, original }: WhatIfState): number[] {
  if (original === null) return [];
  return items.flatMap(({ result }) =>
    result?.kind === "measured"
      ? [Math.abs(promiseOf(explanation, result.removed)), Math.abs(result.score - original.score)]
      : [],
  );
}

/** Probability of a class; null where the output is none. */
function probabilityOf(prediction: Prediction | null, { predictions }: Explanation): number | null {
  return prediction === null || !areProbabilities(predictions) ? null : prediction.score;
}
