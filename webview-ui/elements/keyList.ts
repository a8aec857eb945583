import { html, type TemplateResult } from "lit";
import { icon } from "./controls.ts";

export const keys: readonly (readonly [keys: readonly string[], does: string])[] = [
  [["←", "→", "↑", "↓"], "move the reading by one cell; with Shift by four"],
  [["N", "P"], "next, previous strongest cell"],
  [["Home"], "strongest cell"],
  [["S"], "next sign filter"],
  [["T"], "table instead of the map"],
  [["G"], "next grain, or sentences, words and tokens"],
  [["Enter"], "what if this word were not there (on the text)"],
  [["[", "]"], "hide more, hide less"],
  [["+", "−", "0"], "zoom in, out, whole picture (on the map)"],
  [["R"], "new patch (in Layers); arrows move it, Shift+arrows resize it, Enter sets it, Esc drops it"],
  [["Space", "Enter"], "tick a neuron, show where it comes from (in Layers)"],
  [["Esc"], "cancel the run"],
  [["F6"], "next band; with Shift the one before"],
  [["?"], "this list"],
];

export function keyList(close: () => void): TemplateResult {
  return html`<section class="keys card" aria-label="Keyboard shortcuts">
    <div class="row"><h2>Keyboard</h2><span class="spring"></span><button class="ico" aria-label="Close" title="Close (Esc)" @click=${close}>${icon("close")}</button></div>
    <dl>${keys.map(([names, does]) => html`<dt>${names.map((name) => html`<kbd>${name}</kbd> `)}</dt><dd>${does}</dd>`)}</dl>
  </section>`;
}
