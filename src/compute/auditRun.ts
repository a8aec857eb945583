import { auditGradients } from "../engine/audit/audit.ts";
import type { DifferentiableModel } from "../engine/port.ts";
import type { Audit, AuditProgress } from "../protocol/audit.ts";
import { withFeeds } from "./feeds.ts";
import type { Run } from "./run.ts";

export interface AuditRunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: AuditProgress) => void) | undefined;
}

/** Compares the gradients of a run's path with forward passes; where the run has an integral, its worst intervals too. */
export async function auditRun(run: Run, model: DifferentiableModel, options: AuditRunOptions): Promise<Audit> {
  const { plan, integration } = run;
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  return withFeeds(plan.held, async (heldFeeds) => {
    const { path, directions, nodes, culprits, skipped, ...rest } = await auditGradients({
      model,
      explained: plan.explained,
      heldFeeds,
      target: plan.score,
      worst: integration?.worstIntervals,
      signal: options.signal,
      onProgress: (progress) => options.onProgress?.({ ...progress, seconds: seconds() }),
    });
    return {
      ...rest,
      path: [...path],
      directions: [...directions],
      nodes: [...nodes],
      culprits: culprits.map((culprit) => ({ ...culprit, profile: [...culprit.profile] })),
      skipped: { ...skipped },
      seconds: seconds(),
      finishedAt: new Date().toISOString(),
    };
  });
}
