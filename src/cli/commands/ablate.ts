import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import { strongest } from "../../compute/neurons/strongest.ts";
import type { OpenedModel } from "../../compute/openedModel.ts";
import type { Run } from "../../compute/run.ts";
import type { ExplainEvent } from "../../protocol/compute.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import {
  type AblateParams,
  type AblationResult,
  ablateParamsSchema,
  MOST_MEAN_SAMPLES,
  neuronsParamsSchema,
} from "../../protocol/neurons.ts";
import { type AblateFlags, readAblateFlags } from "../ablateFlags.ts";
import { ablationTable } from "../ablationTable.ts";
import { patchOf } from "../askedPatch.ts";
import { dataSamples } from "../dataSamples.ts";
import { explainRequest } from "../explainRequest.ts";
import { inputArgument } from "../inputArgument.ts";
import { chooseModel } from "../modelChoice.ts";
import { ProgressLine } from "../progressLine.ts";
import type { Terminal } from "../terminal.ts";

/** The part of the compute service that ablation needs. */
export interface Ablater {
  explain(
    request: ExplainRequest,
    options: { signal: AbortSignal; emit: (event: ExplainEvent) => void },
  ): Promise<Explanation>;
  ablate(
    runId: string,
    params: Omit<AblateParams, "runId">,
    options: { signal: AbortSignal; onProgress: (progress: { stage: string; done: number; total: number }) => void },
  ): Promise<AblationResult>;
  withRun<T>(
    runId: string,
    options: { signal: AbortSignal },
    ask: (run: Run, opened: OpenedModel) => Promise<T>,
  ): Promise<T>;
  tensorsOf(
    explanation: Explanation,
  ): { readonly input: string; readonly shape: readonly number[]; readonly data: Float32Array }[] | null;
  dispose(): void | Promise<void>;
}

export interface AblateEnvironment {
  readonly terminal: Terminal;
  readonly folder: string;
  readonly signal: AbortSignal;
  createExplainer(options: { readonly threads: number | undefined }): Promise<Ablater>;
}

/**
 * Runs `pathlight ablate`.
 *
 * @returns The exit code.
 * @throws PathlightError for bad input; nothing has been written then.
 */
export async function ablate(args: readonly string[], environment: AblateEnvironment): Promise<number> {
  const { terminal, signal, folder } = environment;
  const flags = readAblateFlags(args);
  const { request, notes } = await explainRequest(flags, folder);
  const out = resolve(folder, flags.out);
  const { checkOutputFolder, exportAblation } = await import("../../compute/export/index.ts");
  await checkOutputFolder(out);
  for (const note of notes) terminal.err(`${note}\n`);
  const first =
    flags.inputs[0] === undefined ? undefined : resolve(folder, inputArgument(flags.inputs[0], folder).file);
  const samples =
    flags.value === "mean" ? await dataSamples(await chooseModel(flags, first, folder), MOST_MEAN_SAMPLES, signal) : [];

  const progress = new ProgressLine(terminal);
  const ablater = await environment.createExplainer({ threads: flags.threads });
  try {
    const before = await ablater.explain(request, { signal, emit: (event) => progress.event(event) });
    if (signal.aborted || before.status === "cancelled") throw new PathlightError("cancelled", "Cancelled.");
    const neurons = await chosenNeurons(flags, before.runId, ablater, progress, signal);
    const entry = { node: flags.layer, axis: flags.axis, neurons, units: flags.units ? true : undefined };
    const { runId: _, ...params } = ablateParamsSchema.parse({
      runId: before.runId,
      ablation: [withoutUndefined(entry)],
      value: flags.value,
      samples,
      control: flags.control,
    });
    const result = await ablater.ablate(before.runId, params, { signal, onProgress: (event) => progress.stage(event) });
    const file = await exportAblation(
      out,
      { result, request, params, tensors: (explanation) => ablater.tensorsOf(explanation) },
      signal,
    );
    progress.end();
    if (flags.json) terminal.out(await readFile(file, "utf8"));
    else terminal.out(ablationTable(result, out, terminal.outColours));
    return 0;
  } finally {
    progress.end();
    await ablater.dispose();
  }
}

/** The neurons that were named, or those that conductance, or what a patch gives, puts first. */
async function chosenNeurons(
  { neurons, layer, axis, patch }: AblateFlags,
  runId: string,
  ablater: Ablater,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<readonly number[]> {
  if (neurons.kind === "list") return neurons.neurons;
  const { computeNeurons } = await import("../../compute/neurons/neuronsRun.ts");
  const found = await ablater.withRun(runId, { signal }, (run, { loaded }) => {
    const patches = patch === undefined ? [] : [patchOf(patch, run.plan.explained)];
    const own = axis === undefined ? {} : { axis };
    const params = neuronsParamsSchema.parse({ runId, layer: [layer], patches, ...own });
    return computeNeurons(run, loaded.model, params, {
      signal,
      onProgress: (running) =>
        progress.stage({ stage: `Ranking the neurons of ${layer}`, done: running.progress ?? 0, total: 1 }),
    });
  });
  return strongest(patch === undefined ? found.conductance : found.values, neurons.count);
}

/** Keys that are absent stay absent in the record. */
function withoutUndefined(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
