import { PathlightError } from "../../common/errors.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import type { OpenedModel } from "../openedModel.ts";
import { type PreparedInput, prepareInputs } from "../prepareInputs.ts";
import type { RunPlan } from "../runPlan.ts";
import { refuseWindows } from "../windows/windowLayout.ts";
import { openGeneration, writtenInputs } from "./generation.ts";
import { prefixInputs } from "./prefix.ts";

/** What the model is fed for a request. */
export type SampleReader = (
  request: ExplainRequest,
  signal: AbortSignal | undefined,
) => Promise<readonly PreparedInput[]>;

/** Reads other samples as a run read its own: of a written token, after what the run had written before it. */
export async function sampleReader(plan: RunPlan, opened: OpenedModel): Promise<SampleReader> {
  const { produced, target } = plan;
  const generation = produced === undefined ? null : await openGeneration(opened);
  if (produced === undefined || generation === null) return (request, signal) => prepareInputs(request, opened, signal);
  const before = produced.tokens.slice(0, target.index ?? 0).map(({ id }) => id);
  return async (request, signal) => {
    const sources = await prepareInputs(request, opened, signal, writtenInputs(generation));
    refuseWindows(sources, "What a model writes a text from is");
    const prefix = prefixInputs(generation, sources, before, false, signal);
    if (prefix !== null) return prefix.inputs;
    throw new PathlightError("sample-shape", "The text leaves no room for what was written.", {
      whatToDo: "Make it shorter.",
    });
  };
}
