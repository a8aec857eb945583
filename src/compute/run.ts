import type { AblatedNode } from "../engine/ablation/ablatedModel.ts";
import type { Integration } from "../engine/integration.ts";
import type { Audit } from "../protocol/audit.ts";
import type { Explanation, Status } from "../protocol/explanation.ts";
import type { TokenMatrix } from "../protocol/tokenMatrix.ts";
import type { ConservationRun } from "./neurons/conservation.ts";
import type { NeuronSourcesRun } from "./neurons/neuronSourcesRun.ts";
import type { NeuronsRun } from "./neurons/neuronsRun.ts";
import { present } from "./present.ts";
import type { RunPlan } from "./runPlan.ts";

/** The limits that a run goes by; a refinement changes them and keeps the nodes. */
export interface RunLimits {
  readonly tolerance: number;
  readonly maxEvaluations: number;
  readonly grain: number | undefined;
}

/** One path, the nodes that are known of it, and the plan that they belong to. */
export class Run {
  readonly id: string;
  readonly key: string;
  readonly plan: RunPlan;
  /** The same for all tokens of one written text; else its own. */
  readonly question: string;
  /** What is switched off in the model; none: it is explained as it is. */
  readonly ablated: readonly AblatedNode[];
  integration: Integration | null = null;
  status: Status = "running";
  limits: RunLimits;
  /** What an audit has found of its gradients. */
  audit: Audit | undefined;
  /** What each token of one text says to each of another, for the similarity of two. */
  pairs: TokenMatrix | undefined;
  /** The last question about its neurons. */
  neurons: NeuronsRun | undefined;
  /** The last neuron of which it was asked what drives it. */
  sources: NeuronSourcesRun | undefined;
  /** Sums of its layers, as far as they were asked for. */
  conservation: ConservationRun | undefined;
  /** Computing time so far, refinements included. */
  seconds = 0;
  /** Threads that its nodes were computed on, at most. */
  threads = 1;

  constructor(id: string, key: string, plan: RunPlan, limits: RunLimits, ablated: readonly AblatedNode[] = []) {
    this.id = id;
    this.key = key;
    this.plan = plan;
    this.ablated = ablated;
    const { produced, request } = plan;
    const withoutTarget = { ...request, settings: { ...request.settings, target: null } };
    this.question = produced === undefined || ablated.length > 0 ? id : JSON.stringify(withoutTarget);
    this.limits = limits;
  }

  /** Memory that its nodes hold, roughly. */
  get bytes(): number {
    const size = this.plan.explained.reduce((sum, explained) => sum + explained.x.length, 0);
    const values = this.ablated.reduce((sum, { off }) => sum + off.length, 0);
    return ((this.integration?.evaluations ?? 0) * size + 2 * values) * Float32Array.BYTES_PER_ELEMENT;
  }

  explanation(warnAbove: number): Explanation {
    const explanation = present(this.plan, this.integration, {
      runId: this.id,
      status: this.status,
      seconds: this.seconds,
      threads: this.threads,
      grain: this.limits.grain,
      tolerance: this.limits.tolerance,
      maxEvaluations: this.limits.maxEvaluations,
      warnAbove,
    });
    return {
      ...explanation,
      ...(this.audit === undefined ? {} : { audit: this.audit }),
      ...(this.pairs === undefined ? {} : { matrix: this.pairs }),
    };
  }

  /** Lets go of the nodes. A run that was continued from this one may still use them, so they are only unreferenced. */
  dispose(): void {
    this.integration = null;
    this.neurons?.dispose();
    this.neurons = undefined;
    this.sources?.dispose();
    this.sources = undefined;
    this.conservation = undefined;
  }
}
