import { type IntegrateOptions, integrate, type RoundSnapshot } from "../engine/integrate.ts";
import type { Integration } from "../engine/integration.ts";
import { attribute } from "../engine/methods.ts";
import type { DifferentiableModel } from "../engine/port.ts";
import type { Running } from "../protocol/compute.ts";
import { pacedIntegrand } from "./pacedIntegrand.ts";
import { ParallelIntegrand } from "./parallel/parallelIntegrand.ts";
import type { WorkerPool } from "./parallel/workerPool.ts";
import { Progress } from "./progress.ts";
import type { Run } from "./run.ts";
import { planGrain } from "./runPlan.ts";
import { openPath, type ScorePath } from "./scorePath.ts";
import { TwinModel } from "./twin/twinModel.ts";

/** Adding up the attributions of a large picture takes longer than a round of a fast model: milliseconds between drafts. */
const DRAFT_MS = 200;
/** What the adaptive rule takes where it is not quickly done. */
const ADAPTIVE_NODES = 33;

export interface IntegrateRunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Workers that have the model, or will; undefined where the backend has threads of its own. */
  readonly pool?: WorkerPool | undefined;
  readonly onProgress: (running: Running) => void;
  /** After rounds, not more often than a person can follow; the run then holds the result so far. */
  readonly onDraft: (running: Running) => void;
}

/**
 * Computes a run, going on from what is known. When it is cancelled or fails, the run keeps the result of its last
 * round, if there was one.
 */
export async function integrateRun(
  run: Run,
  known: Integration | null,
  model: DifferentiableModel,
  options: IntegrateRunOptions,
): Promise<void> {
  const { plan, limits } = run;
  const start = performance.now();
  const before = run.seconds;
  const clock = new Progress(known, limits.tolerance, limits.maxEvaluations);
  const running = (): Running => ({ ...clock.state, seconds: before + (performance.now() - start) / 1000 });
  let last: RoundSnapshot | undefined;
  let nextDraft = 0;
  const integrateOptions: IntegrateOptions = {
    rule: plan.settings.rule,
    steps: plan.settings.steps,
    tolerance: limits.tolerance,
    // Three nodes are the least that the adaptive rule can start from.
    maxEvaluations: Math.max(3, limits.maxEvaluations),
    grain: planGrain(plan, limits.grain),
    previous: known ?? undefined,
    signal: options.signal,
    batchSize: 64,
    onRound: (round) => {
      clock.round(round);
      last = round;
      if (round.status !== "running" || performance.now() < nextDraft) return;
      run.integration = round.integration();
      run.seconds = before + (performance.now() - start) / 1000;
      options.onDraft(running());
      nextDraft = performance.now() + DRAFT_MS;
    },
  };
  const path: ScorePath = {
    explained: plan.explained.map(({ node, shape, x, baseline }) => ({ node, shape, x, baseline })),
    held: plan.held,
    target: plan.score,
    twin: model instanceof TwinModel,
    windows: plan.windows,
  };
  const opened = await openPath(model, path);
  const { integrand } = opened;
  const { method, rule, steps } = plan.settings;
  const expected =
    (rule === "adaptive" ? Math.min(limits.maxEvaluations, ADAPTIVE_NODES) : steps + 2) - (known?.evaluations ?? 0);
  const { pool } = options;
  const parallel = pool === undefined ? null : new ParallelIntegrand({ inner: integrand, pool, path, expected });
  const evaluated = (count: number): void => {
    clock.evaluated(count);
    run.threads = Math.max(run.threads, parallel?.threads ?? 1);
    options.onProgress(running());
  };
  try {
    run.integration =
      method === "integrated-gradients"
        ? await integrate(pacedIntegrand(parallel ?? integrand, evaluated), integrateOptions)
        : await attribute(integrand, method, integrateOptions);
    run.status = run.integration.status;
  } catch (error) {
    if (last !== undefined) run.integration = last.integration();
    throw error;
  } finally {
    opened.dispose();
    run.seconds = before + (performance.now() - start) / 1000;
  }
}
