import type { Explanation } from "../../src/protocol/explanation.ts";
import type { PanelState } from "../../src/protocol/panel.ts";

/** The default of the setting: a report does not know the reader's. */
const REPORT_WARN_ABOVE = 0.05;

function targetOf({ target }: Explanation): PanelState["settings"]["target"] {
  if (target.index !== null) return { kind: "index", index: target.index };
  return { kind: "expression", expression: target.expression ?? target.label };
}

/** The panel's state in a report: finished, nothing to choose. */
export function reportState(explanation: Explanation): PanelState {
  return {
    phase: "done",
    stage: null,
    sampleTitle: explanation.sample.title,
    sampleKind: explanation.attributions[0]?.kind ?? null,
    modelTitle: explanation.model.name,
    settings: {
      target: targetOf(explanation),
      link: explanation.target.link,
      baseline: explanation.baseline.spec,
      method: explanation.method,
      rule: explanation.rule,
      steps: explanation.steps ?? 50,
      tolerance: explanation.tolerance,
      maxEvaluations: explanation.maxEvaluations,
      backend: "auto",
    },
    options: { baselines: [], backends: [], links: [], columns: [] },
    running: null,
    auditing: null,
    warnAbove: REPORT_WARN_ABOVE,
    error: null,
    stale: null,
    history: [],
    current: null,
  };
}
