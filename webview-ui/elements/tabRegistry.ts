import { html, type TemplateResult } from "lit";
import type { PanelStore } from "../model/panelStore.ts";
import "../audit/auditTab.ts";
import "../history/historyTab.ts";
import "../layers/layersTab.ts";
import "../matrix/matrixView.ts";
import { isSimilarityOfTexts } from "../matrix/pairsTab.ts";
import "./attributionTab.ts";

interface PanelTab {
  readonly id: string;
  readonly label: string;
  /** A figure beside the label. */
  count?(store: PanelStore): number;
  /** Whether it can show anything in this panel. */
  available(store: PanelStore): boolean;
  /** Whether the table switch has a meaning here. */
  readonly hasTable: boolean;
  render(store: PanelStore): TemplateResult;
}

/** Views under the trust strip, in order. A new view is one more entry. */
export const tabs: readonly PanelTab[] = [
  {
    id: "attribution",
    label: "Attribution",
    available: () => true,
    hasTable: true,
    render: (store) => html`<pl-attribution .store=${store}></pl-attribution>`,
  },
  {
    id: "matrix",
    label: "Alignment",
    available: ({ shown }) => shown?.explanation.matrix?.kind === "sequence",
    hasTable: true,
    render: (store) =>
      html`<pl-matrix-view .store=${store} .matrix=${store.shown?.explanation.matrix}></pl-matrix-view>`,
  },
  {
    id: "pairs",
    label: "Token pairs",
    available: ({ shown, readOnly }) =>
      shown !== null &&
      (shown.explanation.matrix?.kind === "pairs" || (!readOnly && isSimilarityOfTexts(shown.explanation))),
    hasTable: true,
    render: (store) => html`<pl-token-pairs .store=${store}></pl-token-pairs>`,
  },
  {
    id: "audit",
    label: "Gradients",
    available: ({ shown, state }) =>
      shown !== null && (shown.explanation.audit !== undefined || (state?.auditing ?? null) !== null),
    hasTable: true,
    render: (store) => html`<pl-audit .store=${store}></pl-audit>`,
  },
  {
    id: "layers",
    label: "Layers",
    available: ({ shown, readOnly }) => shown !== null && !readOnly,
    hasTable: true,
    render: (store) => html`<pl-layers .store=${store}></pl-layers>`,
  },
  {
    id: "history",
    label: "History",
    count: (store) => store.state?.history.length ?? 0,
    available: (store) => !store.readOnly,
    hasTable: false,
    render: (store) => html`<pl-history .store=${store}></pl-history>`,
  },
];
