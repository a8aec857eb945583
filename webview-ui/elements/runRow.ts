import { html, nothing, svg, type TemplateResult } from "lit";
import type { Explanation } from "../../src/protocol/explanation.ts";
import { formatPercent, formatSeconds, formatSetting } from "../../src/protocol/format.ts";
import { bannerOf } from "../../src/protocol/verdict.ts";
import { plural, unitOf } from "../model/words.ts";
import { icon } from "./controls.ts";
import { cssVars } from "./cssVars.ts";
import { StoreElement } from "./storeElement.ts";

const NEXT_TOLERANCES = [0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

/** The next finer tolerance to refine to; null where there is none. */
function nextTolerance(tolerance: number): number | null {
  return NEXT_TOLERANCES.find((candidate) => candidate < tolerance * 0.99) ?? null;
}

/** Error by round on a logarithmic axis, with the tolerance as a dotted line. */
function sparkline(explanation: Explanation): TemplateResult | typeof nothing {
  const rounds = explanation.errorByRound
    .map(({ completeness, feature }) => Math.max(completeness ?? 0, feature ?? 0))
    .filter((error) => error > 0);
  if (rounds.length < 2) return nothing;
  const width = 64;
  const height = 16;
  const low = Math.log10(Math.min(...rounds, explanation.tolerance));
  const high = Math.log10(Math.max(...rounds, explanation.tolerance));
  const x = (index: number): number => 2 + (index / (rounds.length - 1)) * (width - 4);
  const y = (error: number): number => 2 + ((high - Math.log10(error)) / Math.max(high - low, 1e-9)) * (height - 4);
  return html`<span class="wide-only dim">error by round</span><svg class="wide-only spark" width=${width} height=${height}
    role="img" aria-label="Error by round: ${rounds.map(formatPercent).join(", ")}; goal ${formatSetting(explanation.tolerance)}">
    ${svg`<line class="goal" x1="0" x2=${width} y1=${y(explanation.tolerance)} y2=${y(explanation.tolerance)}></line>
    <polyline points=${rounds.map((error, index) => `${x(index)},${y(error)}`).join(" ")}></polyline>`}</svg>`;
}

function ended(explanation: Explanation): { icon: string; text: string } {
  switch (explanation.status) {
    case "budget":
      return { icon: "debug-stop", text: `Stopped at the limit of ${plural(explanation.evaluations, "evaluation")}` };
    case "cancelled":
      return {
        icon: "debug-stop",
        text: `Cancelled after ${plural(explanation.evaluations, "evaluation")}; the best map so far is shown`,
      };
    default:
      return { icon: "check", text: `Finished in ${formatSeconds(explanation.seconds)}` };
  }
}

/** Progress, evaluations, time; Cancel while it runs, Refine when it is done. */
class RunRow extends StoreElement {
  #timer: ReturnType<typeof setInterval> | null = null;
  #spoken = "";
  #spokenFor = "";

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#tick(false);
  }

  #tick(on: boolean): void {
    if (on && this.#timer === null) this.#timer = setInterval(() => this.requestUpdate(), 100);
    if (!on && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  /** Said aloud at the start, at each round and at the end: not with every batch. */
  #announce(text: string): string {
    const { state } = this.store;
    const moment = `${state?.phase}/${state?.stage}/${state?.running?.rounds}/${state?.current}`;
    if (moment !== this.#spokenFor) {
      this.#spokenFor = moment;
      this.#spoken = text;
    }
    return this.#spoken;
  }

  protected override render(): TemplateResult {
    const { state, shown } = this.store;
    const explanation = shown?.explanation ?? null;
    const phase = state?.phase ?? "done";
    const busy = phase === "running" || phase === "loading";
    this.#tick(busy);
    if (busy) {
      const running = state?.running ?? null;
      const seconds = (running?.seconds ?? 0) + (performance.now() - this.store.runningSince) / 1000;
      const stage = state?.stage ?? (phase === "loading" ? "Loading the model" : "Explaining");
      const progress = running?.progress ?? null;
      const counts =
        running === null || running.evaluations === 0 || phase === "loading"
          ? ""
          : `${plural(running.evaluations, "evaluation")}, round ${running.rounds}, `;
      const error = explanation?.status === "running" ? explanation.featureError : null;
      return html`<div class="run">
        <div class="progress ${progress === null ? "unknown" : ""}" role="progressbar" aria-label=${stage} aria-valuemin="0" aria-valuemax="100"
          aria-valuenow=${progress === null ? nothing : Math.round(progress * 100)}
          ${cssVars({ "--done": `${(progress ?? 0) * 100}%` })}></div>
        <span class="now">${stage}: ${counts}<span class="elapsed">${formatSeconds(seconds)}</span></span>
        ${
          error === null || explanation === null
            ? nothing
            : html`<span class="dim wide-only">error per ${unitOf(explanation)} ${formatPercent(error)}, goal ${formatSetting(explanation.tolerance)}</span>`
        }
        <span class="spring"></span>
        <button class="secondary cancel" @click=${() => this.store.post({ type: "cancel" })}>${icon("debug-stop")}Cancel <kbd>Esc</kbd></button>
        <span class="hidden" role="status">${this.#announce(`${stage}: ${counts}${formatSeconds(seconds)}`)}</span>
      </div>`;
    }
    if (explanation === null) return html`<div class="run"></div>`;
    const end = ended(explanation);
    return html`<div class="run dim">
      ${icon(end.icon)}<span>${end.text}</span><span class="spring"></span>
      ${sparkline(explanation)}${this.#refine(explanation)}
      <span class="hidden" role="status">${this.#announce(end.text)}</span>
    </div>`;
  }

  #refine(explanation: Explanation): TemplateResult | typeof nothing {
    if (this.store.readOnly || explanation.method !== "integrated-gradients" || explanation.rule !== "adaptive")
      return nothing;
    if (explanation.status === "budget") {
      const warnAbove = this.store.state?.warnAbove ?? 0.05;
      // The banner has the button, while it is there.
      if (bannerOf(explanation, warnAbove) !== null && this.store.dismissed !== explanation.runId) return nothing;
      return html`<button class="secondary refine" @click=${() => this.store.post({ type: "refine" })}>Refine to ${formatSetting(explanation.tolerance)}</button>`;
    }
    if (explanation.status !== "converged") return nothing;
    const tolerance = nextTolerance(explanation.tolerance);
    if (tolerance === null) return nothing;
    return html`<button class="secondary refine" @click=${() => this.store.post({ type: "refine", tolerance })}>Refine to ${formatSetting(tolerance)}</button>`;
  }
}
customElements.define("pl-run-row", RunRow);
