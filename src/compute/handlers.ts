import { memory } from "@tensorflow/tfjs-core";
import { type BackendOptions, convertSavedModel, doctor } from "../backend/index.ts";
import { PathlightError } from "../common/errors.ts";
import type { computeContract, ModelInfo } from "../protocol/compute.ts";
import type { Handlers } from "../rpc/channel.ts";
import { pruneRun } from "./ablation/pruneRun.ts";
import { cacheNotes } from "./cacheNote.ts";
import { doctorView } from "./doctorView.ts";
import { ExplainService } from "./explainService.ts";
import { exportAll } from "./export/index.ts";
import { renderThumbnail } from "./export/thumbnail.ts";
import { computeConservation } from "./neurons/conservation.ts";
import { neuronDetail } from "./neurons/neuronDetail.ts";
import { computeNeuronSources } from "./neurons/neuronSourcesRun.ts";
import { computeNeurons } from "./neurons/neuronsRun.ts";
import { topSamples } from "./neurons/topSamples.ts";
import type { OpenedModel } from "./openedModel.ts";
import { version } from "./version.ts";

/** The methods of the compute process. The service is made by `hello`, which brings the user's settings. */
export function computeHandlers(): Handlers<typeof computeContract> {
  let service: ExplainService | undefined;
  let options: BackendOptions = {};
  const ready = (): ExplainService => {
    if (service === undefined) throw new PathlightError("protocol", "The compute process was asked before `hello`.");
    return service;
  };
  return {
    hello: async (params) => {
      await service?.dispose();
      const { tensorflowPath, python, cacheFolder, wasmThreads } = params;
      options = { tensorflowPath, python, cacheFolder };
      // What goes to standard error stands in the extension's log.
      service = new ExplainService({ ...options, workers: { threads: wasmThreads, log: console.error } });
      return { version, pid: process.pid, node: process.version };
    },
    doctor: async () => doctorView(await doctor(options), ready().activeBackend),
    inspectModel: async ({ model, backend }, { signal }) =>
      modelInfo(model.path, await ready().openModel(model, backend, { signal })),
    inspect: ({ model, backend }, { signal, emit }) =>
      ready().inspect(model, backend, {
        signal,
        emit: (event) => event.type === "stage" && emit({ message: event.message }),
      }),
    convertSavedModel: async ({ folder, out, signature }, { signal, emit }) => {
      const onProgress = (message: string): void => emit({ message });
      const { file } = await convertSavedModel(folder, out, { ...options, signature, signal, onProgress });
      return { file };
    },
    predict: ({ request }, { signal }) => ready().predict(request, { signal }),
    explain: (request, { signal, emit }) => ready().explain(request, { signal, emit }),
    refine: ({ runId, tolerance, maxEvaluations }, { signal, emit }) =>
      ready().refine(runId, tolerance, maxEvaluations, { signal, emit }),
    audit: ({ runId }, { signal, emit }) => ready().audit(runId, { signal, onProgress: emit }),
    regrain: ({ runId, grain }) => ready().regrain(runId, grain),
    snapshot: ({ runId }) => ready().snapshot(runId),
    release: ({ runId }) => {
      ready().release(runId);
      return undefined;
    },
    thumbnail: ({ sample, size, overlay, theme }) => renderThumbnail(sample, { size, overlay, theme }),
    exportExplanation: async ({ explanation, request, folder }) => ({
      files: await exportAll(folder, { explanation, request, tensors: ready().tensorsOf(explanation) }),
    }),
    whatIf: ({ runId, edits }, { signal, emit }) => ready().whatIf(runId, edits, { signal, onProgress: emit }),
    ablate: ({ runId, ...params }, { signal, emit }) => ready().ablate(runId, params, { signal, onProgress: emit }),
    prune: (params, { signal, emit }) =>
      ready().withRun(params.runId, { signal }, (run, opened) =>
        pruneRun(run, opened, params, { signal, onProgress: emit }),
      ),
    explainSequence: (request, { signal, emit }) => ready().explainSequence(request, { signal, emit }),
    tokenPairs: ({ runId }, { signal, emit }) =>
      ready().tokenPairs(runId, { signal, onProgress: (evaluations) => emit({ evaluations }) }),
    neurons: (params, { signal, emit }) =>
      ready().withRun(params.runId, { signal }, (run, { loaded }) =>
        computeNeurons(run, loaded.model, params, {
          signal,
          onDraft: (neurons) => emit({ type: "draft", neurons }),
          onProgress: ({ evaluations, seconds, progress }) =>
            emit({ type: "progress", evaluations, seconds, progress }),
        }),
      ),
    neuronSources: (params, { signal, emit }) =>
      ready().withRun(params.runId, { signal }, (run, { loaded }) =>
        computeNeuronSources(run, loaded.model, params, {
          signal,
          onDraft: (sources) => emit({ type: "draft", sources }),
          onProgress: ({ evaluations, seconds, progress }) =>
            emit({ type: "progress", evaluations, seconds, progress }),
        }),
      ),
    conservation: ({ runId }, { signal, emit }) =>
      ready().withRun(runId, { signal }, (run, { loaded }) =>
        computeConservation(run, loaded.model, { signal, onKnown: emit }),
      ),
    neuronAttribution: ({ runId, ...neuron }, { signal, emit }) =>
      ready().explainNeuron(runId, neuron, { signal, emit }),
    topSamples: ({ runId, samples, most, ...neuron }, { signal, emit }) =>
      ready().withRun(runId, { signal }, (run, opened) =>
        topSamples(run, opened, neuron, samples, most, { signal, onProgress: emit }),
      ),
    neuronDetail: ({ runId, node, neuron }) =>
      ready().withRun(runId, {}, async (run) => neuronDetail(run, node, neuron)),
    statistics: () => ({ rss: process.memoryUsage().rss, tensors: memory().numTensors }),
  };
}

function modelInfo(path: string, { loaded, entry, baseFolder, notes }: OpenedModel): ModelInfo {
  const { model, name, format, fingerprint } = loaded;
  const nodes = (specs: typeof model.nodes): ModelInfo["nodes"] =>
    specs.map(({ id, op, shape, dtype, parameters }) => ({
      ...{ id, op, shape: [...shape], dtype },
      ...(parameters === undefined ? {} : { parameters }),
    }));
  return {
    path,
    name,
    format,
    fingerprint,
    parameterCount: model.parameterCount,
    inputs: nodes(model.inputs),
    outputs: nodes(model.outputs),
    heads: model.heads.map((head) => ({ ...head })),
    nodes: nodes(model.nodes),
    files: [...loaded.files],
    inferred: { entry, baseFolder, notes: [...cacheNotes(loaded), ...notes] },
  };
}
