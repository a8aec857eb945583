import type { ExplainEvent } from "../protocol/compute.ts";
import type { SampleRef } from "../protocol/explain.ts";
import type { Explanation } from "../protocol/explanation.ts";
import type { NeuronRef } from "../protocol/layersPanel.ts";
import type {
  AblateParams,
  AblationResult,
  Conservation,
  NeuronDetail,
  NeuronSources,
  NeuronSourcesParams,
  Neurons,
  NeuronsParams,
  PruneParams,
  Pruning,
  TopSamples,
} from "../protocol/neurons.ts";
import type { CallOptions } from "../rpc/channel.ts";
import type { ComputeProcess } from "./computeProcess.ts";

interface NeuronsProgress {
  readonly type: "progress";
  readonly evaluations: number;
  readonly seconds: number;
  readonly progress: number | null;
}

export type NeuronsEvent = { readonly type: "draft"; readonly neurons: Neurons } | NeuronsProgress;
export type SourcesEvent = { readonly type: "draft"; readonly sources: NeuronSources } | NeuronsProgress;

/** What the compute process is asked about the inside of a network. */
export interface LayersCompute {
  conservation(params: { runId: string }, options: CallOptions<Conservation>): Promise<Conservation>;
  neurons(params: NeuronsParams, options: CallOptions<NeuronsEvent>): Promise<Neurons>;
  neuronSources(params: NeuronSourcesParams, options: CallOptions<SourcesEvent>): Promise<NeuronSources>;
  neuronDetail(
    params: { runId: string; node: string; neuron: number },
    options: CallOptions<undefined>,
  ): Promise<NeuronDetail>;
  neuronAttribution(
    params: NeuronRef & { runId: string; place?: number[] | undefined },
    options: CallOptions<ExplainEvent>,
  ): Promise<Explanation>;
  topSamples(
    params: NeuronRef & { runId: string; samples: SampleRef[]; most: number },
    options: CallOptions<{ done: number; total: number }>,
  ): Promise<TopSamples>;
  ablate(
    params: AblateParams,
    options: CallOptions<{ stage: string; done: number; total: number }>,
  ): Promise<AblationResult>;
  prune(params: PruneParams, options: CallOptions<{ done: number; total: number }>): Promise<Pruning>;
}

export function layersCompute(compute: Pick<ComputeProcess, "call">): LayersCompute {
  return {
    conservation: (params, options) => compute.call("conservation", params, options),
    neurons: (params, options) => compute.call("neurons", params, options),
    neuronSources: (params, options) => compute.call("neuronSources", params, options),
    neuronDetail: (params, options) => compute.call("neuronDetail", params, options),
    neuronAttribution: (params, options) => compute.call("neuronAttribution", params, options),
    topSamples: (params, options) => compute.call("topSamples", params, options),
    ablate: (params, options) => compute.call("ablate", params, options),
    prune: (params, options) => compute.call("prune", params, options),
  };
}
