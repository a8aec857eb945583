import { html, nothing, type TemplateResult } from "lit";
import type { InspectedNode, Inspection } from "../../src/protocol/inspection.ts";
import { opCounts } from "../../src/protocol/opCounts.ts";
import { icon } from "../elements/controls.ts";
import type { InspectStore } from "./inspectStore.ts";

const MOST_PLACES = 6;

/** Ops that cannot run and nodes that the gradient cannot pass: how often, and where they stand. */
export function obstacleList(store: InspectStore, { nodes }: Inspection): TemplateResult | typeof nothing {
  const unsupported = nodes.filter((node) => node.unsupported === true && node.reason === undefined);
  const misused = nodes.filter((node) => node.reason !== undefined);
  const stopped = nodes.filter((node) => node.noGradient === true);
  if (unsupported.length + misused.length + stopped.length === 0) return nothing;
  return html`<section data-band aria-label="What stands in the way" class="obstacles">
    ${table(store, "Ops that Pathlight cannot run", "an output before them may still be explained", "error", unsupported)}
    ${table(store, "Used in a way that Pathlight does not have", "the details of a node say what it is", "error", misused)}
    ${table(store, "Nodes that the gradient cannot pass", "explain from a node behind them, or choose another output", "warning", stopped)}
  </section>`;
}

function table(
  store: InspectStore,
  title: string,
  advice: string,
  sign: "error" | "warning",
  nodes: readonly InspectedNode[],
): TemplateResult | typeof nothing {
  if (nodes.length === 0) return nothing;
  return html`<div><h2>${title} <small>${advice}</small></h2><ul class="obstacle-list">${opCounts(nodes).map(
    ({ op, count, nodes: ids }) => html`<li>
      ${icon(sign, sign === "error" ? "bad" : "careful")}<b>${op}</b><span class="dim">${count}×</span>
      <span class="places">${ids
        .slice(0, MOST_PLACES)
        .map(
          (id) =>
            html`<button class="link mono" title="Show it in the tree" @click=${() => store.reveal(id)}>${id}</button>`,
        )}${
        count > MOST_PLACES
          ? html`<button class="link" @click=${() => store.setView({ text: "", op })}>all ${count}</button>`
          : nothing
      }</span>
    </li>`,
  )}</ul></div>`;
}
