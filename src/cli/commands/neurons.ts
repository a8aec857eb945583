import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { ExplainEvent } from "../../protocol/compute.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import { type Conservation, neuronsFileSchema, neuronsParamsSchema } from "../../protocol/neurons.ts";
import { patchOf } from "../askedPatch.ts";
import { explainRequest } from "../explainRequest.ts";
import { layersTable } from "../layersTable.ts";
import { type NeuronsFlags, readNeuronsFlags } from "../neuronsFlags.ts";
import { neuronsTable } from "../neuronsTable.ts";
import { ProgressLine } from "../progressLine.ts";
import type { Terminal } from "../terminal.ts";
import type { Ablater } from "./ablate.ts";

/** The part of the compute service that looks into layers. */
export interface NeuronAsker extends Pick<Ablater, "explain" | "withRun" | "dispose"> {
  openRun(
    request: ExplainRequest,
    options: { signal: AbortSignal; emit: (event: ExplainEvent) => void },
  ): Promise<string>;
}

export interface NeuronsEnvironment {
  readonly terminal: Terminal;
  readonly folder: string;
  readonly signal: AbortSignal;
  createExplainer(options: { readonly threads: number | undefined }): Promise<NeuronAsker>;
}

/**
 * Runs `pathlight neurons`.
 *
 * @returns The exit code.
 * @throws PathlightError for bad input; nothing has been written then.
 */
export async function neurons(args: readonly string[], environment: NeuronsEnvironment): Promise<number> {
  const { terminal, folder } = environment;
  const flags = readNeuronsFlags(args);
  const { request, notes } = await explainRequest(flags, folder);
  const out = flags.out === "" ? null : resolve(folder, flags.out);
  const { checkOutputFolder } = await import("../../compute/export/index.ts");
  if (out !== null) await checkOutputFolder(out);
  for (const note of notes) terminal.err(`${note}\n`);
  const progress = new ProgressLine(terminal);
  const asker = await environment.createExplainer({ threads: flags.threads });
  try {
    const text =
      out === null || flags.layers
        ? await listLayers(flags, request, out, { asker, progress, environment })
        : await ofLayer(flags, request, out, { asker, progress, environment });
    progress.end();
    terminal.out(text);
    return 0;
  } finally {
    progress.end();
    await asker.dispose();
  }
}

interface Tools {
  readonly asker: NeuronAsker;
  readonly progress: ProgressLine;
  readonly environment: NeuronsEnvironment;
}

async function listLayers(
  { json }: NeuronsFlags,
  request: ExplainRequest,
  out: string | null,
  { asker, progress, environment: { signal, terminal } }: Tools,
): Promise<string> {
  const { computeConservation } = await import("../../compute/neurons/conservation.ts");
  const { layersText, writeLayers } = await import("../../compute/export/index.ts");
  const explanation = await asker.explain(request, { signal, emit: (event) => progress.event(event) });
  if (signal.aborted || explanation.status === "cancelled") throw new PathlightError("cancelled", "Cancelled.");
  const stage = "Adding up the layers";
  progress.stage({ stage, done: 0, total: 1 });
  const found: Conservation = await asker.withRun(explanation.runId, { signal }, (run, { loaded }) =>
    computeConservation(run, loaded.model, {
      signal,
      onProgress: (done, total) => progress.stage({ stage, done, total }),
    }),
  );
  const text = layersText(found, explanation, request);
  if (out !== null) await writeLayers(out, text);
  return json ? text : layersTable(found, explanation, terminal.outColours);
}

async function ofLayer(
  flags: NeuronsFlags,
  request: ExplainRequest,
  out: string,
  { asker, progress, environment: { signal, terminal } }: Tools,
): Promise<string> {
  const { computeNeurons } = await import("../../compute/neurons/neuronsRun.ts");
  const { exportNeurons } = await import("../../compute/export/index.ts");
  const { layer, axis, patches, grid, maxEvaluations, top, json } = flags;
  const runId = await asker.openRun(request, { signal, emit: (event) => progress.event(event) });
  const file = await asker.withRun(runId, { signal }, async (run, { loaded }) => {
    const params = neuronsParamsSchema.parse({
      ...{ runId, layer, grid, patches: patches.map((patch) => patchOf(patch, run.plan.explained)) },
      ...(axis === undefined ? {} : { axis }),
      ...(maxEvaluations === undefined ? {} : { maxEvaluations }),
    });
    const found = await computeNeurons(run, loaded.model, params, {
      signal,
      onProgress: ({ evaluations, progress: done }) =>
        progress.stage({
          stage: `Neurons of ${layer.join(", ")}: ${evaluations} points of the path`,
          done: done ?? 0,
          total: 1,
        }),
    });
    if (signal.aborted) throw new PathlightError("cancelled", "Cancelled.");
    return exportNeurons(out, { run, neurons: found, request, top });
  });
  const text = await readFile(file, "utf8");
  return json ? text : neuronsTable(neuronsFileSchema.parse(JSON.parse(text)), out, terminal.outColours);
}
