import type { ExplainEvent } from "../../protocol/compute.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import type { AblateParams, AblationResult } from "../../protocol/neurons.ts";
import type { OpenedModel } from "../openedModel.ts";
import type { Run } from "../run.ts";
import { type AblateOptions, ablateRun } from "./ablateRun.ts";

/** Integrates a run on the model that it is about, and keeps it. */
export type Integrate = (run: Run, emit: (event: ExplainEvent) => void) => Promise<Explanation>;

const WARN_ABOVE = 0.05;

/** What `ablateRun` measures, and the attributions of the run as it is, computed where it was not yet, and without the neurons. */
export async function ablateAndExplain(
  run: Run,
  opened: OpenedModel,
  params: AblateParams,
  options: AblateOptions,
  integrate: Integrate,
): Promise<AblationResult> {
  const { result, run: without } = await ablateRun(run, opened, params, options);
  if (!params.attribution) return { ...result, explanations: null };
  const explain = (each: Run, stage: string): Promise<Explanation> =>
    integrate(each, (event) => {
      if (event.type === "progress") options.onProgress?.({ stage, done: event.running.progress ?? 0, total: 1 });
    });
  const before =
    run.integration === null ? await explain(run, "Explaining the model as it is") : run.explanation(WARN_ABOVE);
  const after = await explain(without, "Explaining without the neurons");
  return { ...result, explanations: { before, after } };
}
