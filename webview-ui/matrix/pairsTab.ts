import { html, nothing, type TemplateResult } from "lit";
import type { Explanation } from "../../src/protocol/explanation.ts";
import { MOST_CHARACTERS } from "../../src/protocol/expression/lexer.ts";
import { parseExpression } from "../../src/protocol/expression/parse.ts";
import { formatPercent, formatScore, formatSigned } from "../../src/protocol/format.ts";
import type { TokenMatrix } from "../../src/protocol/tokenMatrix.ts";
import { icon } from "../elements/controls.ts";
import { StoreElement } from "../elements/storeElement.ts";
import { plural } from "../model/words.ts";
import "./matrixView.ts";

/** Whether the score is the similarity of two texts, of which pairs of tokens can be told apart. */
export function isSimilarityOfTexts({ target, attributions }: Explanation): boolean {
  if (target.expression === undefined || attributions.filter(({ kind }) => kind === "text").length < 2) return false;
  // With long labels in place of indices it may read longer than it may be written.
  if (target.label.length > MOST_CHARACTERS) return false;
  const root = parseExpression(target.label);
  return root.kind === "call" && (root.name === "cosine" || root.name === "dot");
}

/** What each token of one text says to each of the other: the way to have it computed, then the matrix with what is left. */
class PairsTab extends StoreElement {
  protected override render(): TemplateResult {
    const { store } = this;
    const matrix = store.shown?.explanation.matrix;
    const pairing = store.state?.pairing ?? null;
    if (matrix?.kind === "pairs" && pairing === null) {
      return html`<pl-matrix-view .store=${store} .matrix=${matrix}></pl-matrix-view>${rest(matrix)}`;
    }
    return html`<div class="pairs-start">
      <h2>What each pair of tokens contributes</h2>
      <p>The map gives each token its share of the similarity. Pairs say which token of the one text answers which of the other: integrated Jacobians of both vectors, multiplied, with an error for every cell.</p>
      ${
        pairing === null
          ? html`<button class="secondary" ?disabled=${store.readOnly || store.state?.phase !== "done"}
              @click=${() => store.post({ type: "tokenPairs" })}>Compute the pairs</button>`
          : html`<p class="matrix-progress" role="status"><span>${plural(pairing.evaluations, "point")} of the two paths evaluated</span>
              <button class="secondary" @click=${() => store.post({ type: "cancel" })}>Cancel</button></p>`
      }
    </div>`;
  }
}
customElements.define("pl-token-pairs", PairsTab);

/** What the matrix does not explain, so that everything adds up. */
function rest({ alone, total }: TokenMatrix): TemplateResult | typeof nothing {
  if (alone === undefined || total === null) return nothing;
  const sum = (part: Float32Array): number => part.reduce((whole, value) => whole + value, 0);
  const { absolute, relative } = total.completenessError;
  const off = relative === null ? formatScore(absolute) : formatPercent(relative);
  const cells =
    total.featureError === null ? "" : `, single cells are good to about ${formatPercent(total.featureError)}`;
  const settled = total.status === "converged" ? "" : ` It ended ${total.status}: read large cells only.`;
  return html`<p class="small pairs-rest">The pairs are off by ${off}${cells}.${settled}</p>
    <p class="dim small pairs-rest">The two texts together make ${formatSigned(total.deltaF)} of the change of ${formatSigned(alone.deltaF)}: that is what the pairs add up to.
    The rest is what each text makes against the baseline of the other, ${formatSigned(sum(alone.rows))} the one of the rows, ${formatSigned(sum(alone.columns))} the one of the columns.</p>
    ${alone.notes.map((note) => html`<p class="small">${icon("warning")} ${note}</p>`)}`;
}
