import { html, nothing, type PropertyDeclarations, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import type { Explanation, PathInterval } from "../../src/protocol/explanation.ts";
import { formatPercent, formatScore, formatShare } from "../../src/protocol/format.ts";
import { verdictOf } from "../../src/protocol/verdict.ts";
import { niceTicks, tickLabel } from "../model/ticks.ts";
import { StoreElement } from "./storeElement.ts";
import "./pathThumbnails.ts";
import { OnResize } from "./onResize.ts";

const HEIGHT = 132;
const LEFT = 34;
const RIGHT = 8;
const TOP = 6;
const BOTTOM = 20;

interface Point {
  readonly alpha: number;
  readonly score: number;
}

/** The score along the path with every evaluated node, and the intervals that hold most of the error shaded. */
class PathChart extends StoreElement {
  static override properties: PropertyDeclarations = { width: { state: true }, read: { state: true } };
  width = 392;
  /** Index of the node that is read. */
  read: number | null = null;
  static #count = 0;
  readonly #patternId = `path-hatch-${PathChart.#count++}`;

  constructor() {
    super();
    new OnResize(this, () => {
      const width = Math.round(this.querySelector(".plot")?.clientWidth ?? 0);
      if (width > 0 && width !== this.width) this.width = width;
    });
  }

  #points(explanation: Explanation): readonly Point[] {
    return Array.from(explanation.path.alphas, (alpha, index) => ({
      alpha,
      score: explanation.path.scores[index] as number,
    })).sort((a, b) => a.alpha - b.alpha);
  }

  protected override render(): TemplateResult {
    const explanation = this.store.shown?.explanation ?? null;
    const points = explanation === null ? [] : this.#points(explanation);
    if (explanation === null || points.length < 2) {
      return html`<h2>Score along the path <small>baseline → sample</small></h2>
        <div class="plot">${explanation === null || explanation.status === "running" ? html`<div class="skeleton chart"></div>` : nothing}</div>
        <p class="caption">${explanation !== null && explanation.method !== "integrated-gradients" ? "A plain gradient has no path." : ""}</p>`;
    }
    const kind = verdictOf(explanation, this.store.state?.warnAbove ?? 0.05).kind;
    const bad = kind === "low-trust" || kind === "suspect";
    const scores = points.map(({ score }) => score);
    const span = Math.max(...scores) - Math.min(...scores) || 1;
    // Zero is shown where it is near; a little air above.
    const lowest = Math.min(...scores);
    const low = lowest > 0 && lowest < span * 0.5 ? 0 : lowest;
    const high = Math.max(...scores) + span * 0.04;
    const ticks = niceTicks(low, high, 4);
    const { width } = this;
    const x = (alpha: number): number => LEFT + alpha * (width - LEFT - RIGHT);
    const y = (score: number): number => TOP + (1 - (score - low) / (high - low || 1)) * (HEIGHT - BOTTOM - TOP);
    const worst = explanation.status === "running" && explanation.rounds < 2 ? [] : explanation.path.worst;
    const reading = this.read === null ? undefined : points[Math.min(this.read, points.length - 1)];
    return html`<h2>Score along the path <small>baseline → sample</small></h2>
      <div class="plot"><svg width=${width} height=${HEIGHT} viewBox="0 0 ${width} ${HEIGHT}" role="img" tabindex="0"
        class=${bad ? "bad" : ""}
        aria-label=${this.#spoken(explanation, points, worst)}
        @pointermove=${(event: PointerEvent) => this.#hover(event, points)}
        @pointerleave=${() => {
          this.read = null;
        }}
        @keydown=${(event: KeyboardEvent) => this.#key(event, points.length)}>
        <defs><pattern id=${this.#patternId} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="1.6" height="5" class="hatch"></rect></pattern></defs>
        ${ticks.map((tick) => svg`<line class="grid" x1=${LEFT} x2=${width - RIGHT} y1=${y(tick)} y2=${y(tick)}></line><text x=${LEFT - 6} y=${y(tick) + 4} text-anchor="end">${tickLabel(tick)}</text>`)}
        ${worst.map((interval) => this.#shade(interval, x, bad))}
        <polyline class="curve" points=${points.map(({ alpha, score }) => `${x(alpha).toFixed(1)},${y(score).toFixed(1)}`).join(" ")}></polyline>
        ${points.map(({ alpha, score }) => svg`<circle class="node" cx=${x(alpha).toFixed(1)} cy=${y(score).toFixed(1)} r=${points.length > 60 ? 1.6 : 3}></circle>`)}
        ${
          reading === undefined
            ? nothing
            : svg`<line class="cursor" x1=${x(reading.alpha)} x2=${x(reading.alpha)} y1=${TOP} y2=${HEIGHT - BOTTOM}></line><circle class="read" cx=${x(reading.alpha)} cy=${y(reading.score)} r="4"></circle>`
        }
        ${[0, 0.25, 0.5, 0.75, 1].map((alpha) => svg`<text x=${x(alpha)} y=${HEIGHT - 4} text-anchor=${alpha === 0 ? "start" : alpha === 1 ? "end" : "middle"}>${alpha * 100}\u202f%</text>`)}
      </svg></div>
      <pl-path-thumbnails .store=${this.store}></pl-path-thumbnails>
      <p class="caption">${reading === undefined ? this.#caption(explanation, worst, bad) : this.#reading(reading, worst)}</p>`;
  }

  #shade(interval: PathInterval, x: (alpha: number) => number, bad: boolean): SVGTemplateResult {
    const from = x(interval.from);
    const width = Math.max(2, x(interval.to) - from);
    return svg`<rect class="worst" x=${from} y=${TOP} width=${width} height=${HEIGHT - BOTTOM - TOP} fill=${bad ? `url(#${this.#patternId})` : "currentColor"}></rect>
      <rect class="foot" x=${from} y=${HEIGHT - BOTTOM - 2} width=${width} height="3"></rect>`;
  }

  #caption(explanation: Explanation, worst: readonly PathInterval[], bad: boolean): TemplateResult {
    if (explanation.status === "running" && worst.length === 0) {
      return html`${explanation.evaluations} evaluations. Where the error sits shows after the next round.`;
    }
    const share = worst.reduce((sum, interval) => sum + interval.share, 0);
    const width = worst.reduce((sum, interval) => sum + interval.to - interval.from, 0);
    if (worst.length === 0 || width > 0.85) return html`No part of the path stands out: the error is spread evenly.`;
    return html`<span class="key ${bad ? "hatched" : ""}"></span>${formatPercent(Math.min(share, 1))} of the ${bad ? "" : "remaining "}error lies in the shaded part`;
  }

  #reading(point: Point, worst: readonly PathInterval[]): string {
    const interval = worst.find(({ from, to }) => point.alpha >= from && point.alpha <= to);
    const share = interval === undefined ? "" : `; this part holds ${formatPercent(interval.share)} of the error`;
    return `At ${formatShare(point.alpha)} of the path the score is ${formatScore(point.score, 4)}${share}`;
  }

  #spoken(explanation: Explanation, points: readonly Point[], worst: readonly PathInterval[]): string {
    const parts = worst.map(
      ({ from, to, share }) =>
        `${formatPercent(share)} of the error between ${formatShare(from)} and ${formatShare(to)}`,
    );
    return (
      `Score along the path, from ${formatScore(explanation.score.baseline)} at the baseline to ` +
      `${formatScore(explanation.score.input)} at the sample, ${points.length} evaluated points. ${parts.slice(0, 4).join("; ")}`
    );
  }

  #hover(event: PointerEvent, points: readonly Point[]): void {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const alpha = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    let best = 0;
    points.forEach((point, index) => {
      if (Math.abs(point.alpha - alpha) < Math.abs((points[best]?.alpha ?? 0) - alpha)) best = index;
    });
    this.read = best;
  }

  #key(event: KeyboardEvent, count: number): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.read = this.read === null ? 0 : Math.max(0, Math.min(count - 1, this.read + step));
  }
}
customElements.define("pl-path-chart", PathChart);
