import { html, nothing, type PropertyDeclarations, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import type { Audit } from "../../src/protocol/audit.ts";
import { agreementWords, measuredText } from "../../src/protocol/auditWords.ts";
import { formatScore, formatShare } from "../../src/protocol/format.ts";
import { OnResize } from "../elements/onResize.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { niceTicks, tickLabel } from "../model/ticks.ts";

const HEIGHT = 168;
const LEFT = 44;
const RIGHT = 10;
const TOP = 8;
const BOTTOM = 20;

export type Measured = Omit<Audit["path"][number], "way">;

/**
 * Σ gradient beside the difference of forward passes, along the path: the difference as a dot with its error bar, the
 * gradient as an open diamond joined by a line. Where the two differ, the diamond is filled in the colour of a warning.
 */
class AuditChart extends StoreElement {
  static override properties: PropertyDeclarations = {
    points: { attribute: false },
    noun: {},
    width: { state: true },
    read: { state: true },
  };
  points: readonly Measured[] = [];
  /** What the gradient is of, for those who hear the picture. */
  noun = "score";
  width = 480;
  /** Index of the place that is read. */
  read: number | null = null;

  constructor() {
    super();
    new OnResize(this, () => {
      const width = Math.round(this.querySelector(".plot")?.clientWidth ?? 0);
      if (width > 0 && width !== this.width) this.width = width;
    });
  }

  protected override render(): TemplateResult {
    const points = [...this.points].sort((a, b) => a.alpha - b.alpha);
    if (points.length === 0) return html`<p class="dim">Nowhere on the path could it be compared.</p>`;
    // A bar that is wider than everything else says no more when it is drawn whole.
    const values = points.flatMap(({ gradient, difference }) => [gradient, difference]);
    const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
    const air = (most - least || 1) * 0.12;
    const [low, high] = [least - air, most + air];
    const { width } = this;
    const x = (alpha: number): number => LEFT + alpha * (width - LEFT - RIGHT);
    const y = (value: number): number =>
      TOP + (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low)) * (HEIGHT - BOTTOM - TOP);
    const reading = this.read === null ? undefined : points[Math.min(this.read, points.length - 1)];
    return html`<div class="plot"><svg width=${width} height=${HEIGHT} viewBox="0 0 ${width} ${HEIGHT}" role="img" tabindex="0"
        aria-label=${this.#spoken(points)}
        @pointermove=${(event: PointerEvent) => this.#hover(event, points)}
        @pointerleave=${() => {
          this.read = null;
        }}
        @keydown=${(event: KeyboardEvent) => this.#key(event, points.length)}>
        ${niceTicks(low, high, 4).map((tick) => svg`<line class="grid" x1=${LEFT} x2=${width - RIGHT} y1=${y(tick)} y2=${y(tick)}></line><text x=${LEFT - 6} y=${y(tick) + 4} text-anchor="end">${tickLabel(tick)}</text>`)}
        ${reading === undefined ? nothing : svg`<line class="cursor" x1=${x(reading.alpha)} x2=${x(reading.alpha)} y1=${TOP} y2=${HEIGHT - BOTTOM}></line>`}
        <polyline class="claimed" points=${points.map(({ alpha, gradient }) => `${x(alpha).toFixed(1)},${y(gradient).toFixed(1)}`).join(" ")}></polyline>
        ${points.map((point) => this.#mark(point, x, y))}
        ${[0, 0.25, 0.5, 0.75, 1].map((alpha) => svg`<text x=${x(alpha)} y=${HEIGHT - 4} text-anchor=${alpha === 0 ? "start" : alpha === 1 ? "end" : "middle"}>${alpha * 100}\u202f%</text>`)}
      </svg></div>
      <p class="caption">${
        reading === undefined
          ? html`<span class="mark measured"></span>forward passes, with error bar <span class="mark claimed"></span>gradient <span class="mark claimed differs"></span>gradient that differs`
          : `At ${formatShare(reading.alpha)} of the path: gradient ${formatScore(reading.gradient)}, forward passes ${measuredText(reading)}: ${agreementWords[reading.agreement]}`
      }</p>`;
  }

  #mark(
    { alpha, gradient, difference, bar, agreement }: Measured,
    x: (alpha: number) => number,
    y: (value: number) => number,
  ): SVGTemplateResult {
    const at = x(alpha);
    const [top, bottom] = [y(difference + bar), y(difference - bar)];
    const [diamond, size] = [y(gradient), 5];
    return svg`<g class=${agreement}>
      <path class="diamond" d="M${at} ${diamond - size}l${size} ${size}l${-size} ${size}l${-size} ${-size}z"></path>
      <path class="whisker" d="M${at} ${top}V${bottom}M${at - 4} ${top}h8M${at - 4} ${bottom}h8"></path>
      <circle class="measured" cx=${at} cy=${y(difference)} r="2.5"></circle></g>`;
  }

  #spoken(points: readonly Measured[]): string {
    const differ = points.filter(({ agreement }) => agreement === "differs");
    const found =
      differ.length === 0
        ? "they differ nowhere"
        : `they differ at ${differ.map(({ alpha }) => formatShare(alpha)).join(", ")} of the path`;
    return `Gradient of the ${this.noun} beside differences of forward passes at ${points.length} places of the path: ${found}.`;
  }

  #hover(event: PointerEvent, points: readonly Measured[]): void {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const alpha = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    const gaps = points.map((point) => Math.abs(point.alpha - alpha));
    this.read = gaps.indexOf(Math.min(...gaps));
  }

  #key(event: KeyboardEvent, count: number): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.read = this.read === null ? 0 : Math.max(0, Math.min(count - 1, this.read + step));
  }
}
customElements.define("pl-audit-chart", AuditChart);
