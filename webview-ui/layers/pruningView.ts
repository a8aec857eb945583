import { html, nothing, type PropertyDeclarations, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import { formatPercent, formatScore } from "../../src/protocol/format.ts";
import type { Pruning } from "../../src/protocol/neurons.ts";
import { icon, segmented } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { niceTicks, tickLabel } from "../model/ticks.ts";

type Quantity = "score" | "a" | "b";
type By = Pruning["series"][number]["by"];

const WIDTH = 460;
const HEIGHT = 170;
const LEFT = 40;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 22;

const names: Readonly<Record<By, string>> = { a: "strongest of A", b: "strongest of B", random: "at random" };
const quantities: readonly { value: Quantity; label: string; title: string }[] = [
  { value: "a", label: "Attribution of A", title: "Σ attribution inside patch A" },
  { value: "b", label: "Attribution of B", title: "Σ attribution inside patch B" },
  { value: "score", label: "Score", title: "The score that is explained" },
];

/** The pruning experiment: what is left as ever more neurons of A, of B, or any are switched off. */
class PruningView extends StoreElement {
  static override properties: PropertyDeclarations = { pruning: { attribute: false }, quantity: { state: true } };
  declare pruning: Pruning;
  quantity: Quantity = "a";

  protected override render(): TemplateResult {
    const { pruning } = this;
    return html`<section class="pruning" aria-label="Pruning experiment">
      <div class="row wrap"><h2>Pruning <small>neurons switched off one set after the other</small></h2><span class="spring"></span>
        ${segmented("What is plotted", quantities, this.quantity, (quantity) => {
          this.quantity = quantity;
        })}</div>
      ${this.store.view.table ? this.#table() : this.#chart()}
      <p class="small dim">The attributions behind the points are off by ${formatPercent(pruning.completenessError)} at most.</p>
      ${pruning.notes.map((note) => html`<p class="small">${icon("warning")} ${note}</p>`)}</section>`;
  }

  #chart(): TemplateResult {
    const { pruning, quantity } = this;
    const start = pruning.start[quantity];
    const lines = pruning.series.map(({ by, points }) => ({
      by,
      points: [
        { count: 0, value: start, deviation: 0 },
        ...points.map((point) => ({
          count: point.count,
          value: point[quantity],
          deviation: point.deviation[quantity],
        })),
      ],
    }));
    const all = lines.flatMap(({ points }) =>
      points.flatMap(({ value, deviation }) => [value - deviation, value + deviation]),
    );
    const low = Math.min(0, ...all);
    const high = Math.max(0, ...all) || 1;
    const most = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ count }) => count)));
    const x = (count: number): number => LEFT + (count / most) * (WIDTH - LEFT - RIGHT);
    const y = (value: number): number => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const steps = [...new Set([0, 0.25, 0.5, 0.75, 1].map((part) => Math.round(part * most)))];
    return html`<svg class="prune-chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${this.#spoken()}>
      ${niceTicks(low, high, 4).map((tick) => svg`<line class="grid" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(tick)} y2=${y(tick)}></line><text x=${LEFT - 6} y=${y(tick) + 4} text-anchor="end">${tickLabel(tick)}</text>`)}
      ${steps.map((step) => svg`<text x=${x(step)} y=${HEIGHT - 5} text-anchor="middle">${step}</text>`)}
      ${lines.map(({ by, points }) => this.#line(by, points, x, y))}</svg>
      <p class="prune-key small">${lines.map(({ by }) => html`<span class="key-${by}"><svg width="26" height="10" aria-hidden="true">${svg`<line class="series by-${by}" x1="0" x2="26" y1="5" y2="5"></line>`}</svg>${names[by]}</span>`)}</p>`;
  }

  #line(
    by: By,
    points: readonly { readonly count: number; readonly value: number; readonly deviation: number }[],
    x: (count: number) => number,
    y: (value: number) => number,
  ): SVGTemplateResult {
    const upper = points.map(({ count, value, deviation }) => `${x(count)},${y(value + deviation)}`);
    const lower = points.map(({ count, value, deviation }) => `${x(count)},${y(value - deviation)}`).reverse();
    return svg`${by === "random" ? svg`<polygon class="spread" points=${[...upper, ...lower].join(" ")}></polygon>` : nothing}
      <polyline class="series by-${by}" points=${points.map(({ count, value }) => `${x(count)},${y(value)}`).join(" ")}></polyline>
      ${points.map(({ count, value }) => svg`<circle class="mark by-${by}" cx=${x(count)} cy=${y(value)} r="2.5"></circle>`)}`;
  }

  #spoken(): string {
    const { pruning, quantity } = this;
    const what = { score: "Score", a: "Attribution inside A", b: "Attribution inside B" }[quantity];
    const ends = pruning.series.flatMap(({ by, points }) => {
      const last = points.at(-1);
      return last === undefined ? [] : [`${formatScore(last[quantity])} without the ${last.count} ${names[by]}`];
    });
    return `${what} as neurons are switched off: ${formatScore(pruning.start[quantity])} with all, ${ends.join(", ")}`;
  }

  #table(): TemplateResult {
    const { pruning } = this;
    const cell = (value: number, deviation: number): string =>
      deviation === 0 ? formatScore(value) : `${formatScore(value)} ± ${formatScore(deviation, 2)}`;
    return html`<div class="table-scroll"><table>
      <caption class="hidden">Score and attributions without ever more neurons</caption>
      <thead><tr><th scope="col">Switched off</th><th scope="col">Which</th><th scope="col" class="right">Score</th><th scope="col" class="right">Attribution of A</th><th scope="col" class="right">Attribution of B</th></tr></thead>
      <tbody><tr><td>0</td><td>–</td><td class="right">${formatScore(pruning.start.score)}</td><td class="right">${formatScore(pruning.start.a)}</td><td class="right">${formatScore(pruning.start.b)}</td></tr>
      ${pruning.series.flatMap(({ by, points }) =>
        points.map(
          ({
            count,
            score,
            a,
            b,
            deviation,
          }) => html`<tr><td>${count}</td><td>${names[by]}</td><td class="right">${cell(score, deviation.score)}</td>
            <td class="right">${cell(a, deviation.a)}</td><td class="right">${cell(b, deviation.b)}</td></tr>`,
        ),
      )}</tbody></table></div>`;
  }
}
customElements.define("pl-pruning", PruningView);
