import { html, nothing, type TemplateResult } from "lit";
import { formatPercent } from "../../src/protocol/format.ts";
import type { HistoryItem } from "../../src/protocol/panel.ts";
import { icon } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { verdictLooks } from "../elements/trustStrip.ts";
import { linkName } from "../model/words.ts";
import "./comparisonView.ts";

const verdictTitles: Readonly<Record<HistoryItem["verdict"], string>> = {
  reliable: "Reliable",
  draft: "Draft",
  "low-trust": "Low trust",
  precision: "Precision limit",
  suspect: "Suspect",
  "no-change": "No change",
};

/** "Now", "4 min", "3 h", or the date. */
function ageOf(iso: string, now: number): string {
  const minutes = (now - Date.parse(iso)) / 60_000;
  if (minutes < 1) return "Now";
  if (minutes < 60) return `${Math.floor(minutes)} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
  return new Date(iso).toLocaleDateString();
}

/** Earlier explanations: open one, delete it, or tick two and compare them. */
class HistoryTab extends StoreElement {
  #tick(id: string): void {
    const { chosen } = this.store.view;
    // The third tick takes the place of the older one.
    const next = chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id].slice(-2);
    this.store.setView({ chosen: next });
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const rows = [...this.querySelectorAll<HTMLElement>("tbody tr")];
    const row = event.target as HTMLElement;
    const index = rows.indexOf(row);
    const id = row.dataset["id"];
    if (index < 0 || id === undefined) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) rows[Math.max(0, Math.min(rows.length - 1, index + by))]?.focus();
    else if (event.key === "Enter") this.store.post({ type: "openHistory", id });
    else if (event.key === " ") this.#tick(id);
    else if (event.key === "Delete") this.store.post({ type: "deleteHistory", id });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  protected override render(): TemplateResult {
    const { state, view, comparison } = this.store;
    const items = state?.history ?? [];
    if (items.length === 0)
      return html`<p class="dim padded">Nothing here yet. Every explanation is kept in this list.</p>`;
    const samples = new Set(items.map(({ sample, model }) => `${sample}\n${model}`)).size > 1;
    const [first, second] = view.chosen;
    return html`<div class="table-tools padded">
        <span class="dim small">Tick two to compare them; Enter opens one.</span><span class="spring"></span>
        <button class="secondary" ?disabled=${first === undefined || second === undefined} @click=${() => {
          if (first !== undefined && second !== undefined) this.store.post({ type: "compare", ids: [first, second] });
        }}>${icon("split-horizontal")}Compare</button></div>
      <table class="history" @keydown=${this.#onKey}>
        <caption class="hidden">Earlier explanations</caption>
        <thead><tr><th scope="col"><span class="hidden">Compare</span></th><th scope="col">Age</th>${samples ? html`<th scope="col">Sample</th>` : nothing}
          <th scope="col" class="wide-cell">Target</th><th scope="col">Baseline</th><th scope="col">Score</th><th scope="col">Verdict</th>
          <th scope="col" class="right">Sum off by</th><th scope="col" class="right wide-cell">Evaluations</th><th scope="col"><span class="hidden">Delete</span></th></tr></thead>
        <tbody>${items.map((item, row) => this.#row(item, samples, row))}</tbody>
      </table>
      ${comparison === null ? nothing : html`<pl-comparison .store=${this.store}></pl-comparison>`}`;
  }

  #row(item: HistoryItem, samples: boolean, row: number): TemplateResult {
    const { state, view } = this.store;
    const looks = verdictLooks[item.verdict];
    const current = item.id === state?.current;
    const name = `${item.target}, baseline ${item.baseline}, ${linkName(item.link)}, ${verdictTitles[item.verdict]}`;
    return html`<tr data-id=${item.id} tabindex=${(state?.current === null ? row === 0 : current) ? 0 : -1} aria-selected=${current ? "true" : "false"}
      @click=${() => this.store.post({ type: "openHistory", id: item.id })} title=${new Date(item.at).toLocaleString()}>
      <td @click=${(event: Event) => event.stopPropagation()}><label class="check"><input type="checkbox" aria-label="Compare: ${name}" .checked=${view.chosen.includes(item.id)}
        @change=${() => this.#tick(item.id)} /><span class="box">${icon("check")}</span></label></td>
      <td>${ageOf(item.at, Date.now())}</td>${samples ? html`<td class="clip" title="${item.sample} · ${item.model}">${item.sample}</td>` : nothing}
      <td class="wide-cell">${item.target}</td><td>${item.baseline}</td><td>${linkName(item.link)}</td>
      <td><span class="verdict-word ${looks.tone}">${icon(looks.icon)} ${verdictTitles[item.verdict]}</span></td>
      <td class="right">${item.sumOff === null ? "–" : formatPercent(item.sumOff)}</td><td class="right wide-cell">${item.evaluations}</td>
      <td class="right"><button class="ico" tabindex="-1" aria-label="Delete: ${name}" title="Delete from the history (Del)" @click=${(
        event: Event,
      ) => {
        event.stopPropagation();
        this.store.post({ type: "deleteHistory", id: item.id });
      }}>${icon("trash")}</button></td></tr>`;
  }
}
customElements.define("pl-history", HistoryTab);
