import { PathlightError } from "../common/errors.ts";
import { Evaluator } from "./evaluator.ts";
import { type GradientStore, MemoryGradientStore } from "./gradientStore.ts";
import { type Grain, identityGrain } from "./grain.ts";
import type { Integration, RoundError } from "./integration.ts";
import type { PathIntegrand } from "./pathIntegrand.ts";
import { PathNodes } from "./pathNodes.ts";
import type { QuadratureRule } from "./quadrature/rules.ts";
import { runAdaptive } from "./runAdaptive.ts";
import { runFixed } from "./runFixed.ts";

export interface IntegrateOptions {
  readonly rule: QuadratureRule;
  /** Nodes of a fixed rule; 50 unless told. They are all evaluated, whatever `maxEvaluations` says. */
  readonly steps?: number | undefined;
  /** For both errors, relative: 0.01 is 1 %. */
  readonly tolerance: number;
  /** Most nodes for the adaptive rule, known ones included; 512 unless told, 3 at least. */
  readonly maxEvaluations?: number | undefined;
  /** What the error per feature is taken over; single features unless told. */
  readonly grain?: Grain | undefined;
  /** An earlier result on the same path. Its nodes are used again, and an adaptive mesh is continued. It stays valid. */
  readonly previous?: Integration | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each round with a result that can be shown, kept and continued. Must not throw. */
  readonly onRound?: ((round: RoundSnapshot) => void) | undefined;
  /** Nodes in one batch at most; 32 unless told. Halved when memory does not suffice. */
  readonly batchSize?: number | undefined;
  /** Factor on the estimated error; 1 unless told. 1.5 makes it hold for the roughest networks, for a third more nodes. */
  readonly safety?: number | undefined;
  /** Where gradients are kept; in memory unless told. Ignored with `previous`, whose store goes on being used. */
  readonly store?: GradientStore | undefined;
}

/** Where a run stands. Cheap: the attributions are only added up when `integration` is called. */
export interface RoundSnapshot extends RoundError {
  readonly round: number;
  readonly status: "running" | Integration["status"];
  /** The result so far, with status `budget` while running: what remains when the run is cancelled. */
  integration(): Integration;
}

/** What the rules need, with the defaults filled in. */
export interface Run {
  readonly options: IntegrateOptions;
  readonly nodes: PathNodes;
  readonly evaluator: Evaluator;
  readonly tolerance: number;
  readonly maxEvaluations: number;
  readonly safety: number;
}

/**
 * ∫ g(t) dt over [0, 1], which is Integrated Gradients (Sundararajan, Taly, Yan 2017, eq. 1), by the adaptive rule or a
 * fixed one. Sums are float64. Rejects with `cancelled` (the last snapshot of `onRound` is a usable draft), with
 * `not-finite`, with `out-of-memory` when not even one node fits, and with whatever else the integrand throws.
 */
export async function integrate(integrand: PathIntegrand, options: IntegrateOptions): Promise<Integration> {
  const { tolerance, maxEvaluations = 512, safety = 1, previous, grain } = options;
  if (!(tolerance > 0)) throw usage("The tolerance", "a number above 0", tolerance);
  if (!(maxEvaluations >= 3)) throw usage("The number of evaluations", "at least 3", maxEvaluations);
  if (!(safety > 0)) throw usage("The safety factor", "a number above 0", safety);
  const wanted = grain ?? previous?.state.nodes.grain ?? identityGrain(integrand.size);
  for (const { cellOf } of [wanted, ...(previous === undefined ? [] : [previous.state.nodes.grain])]) {
    if (cellOf.length !== integrand.size) throw usage("The grain", `${integrand.size} features`, cellOf.length);
  }
  const nodes = previous
    ? previous.state.nodes.fork(wanted)
    : new PathNodes(wanted, options.store ?? new MemoryGradientStore());
  const evaluator = new Evaluator(integrand, nodes, options.batchSize ?? 32, options.signal);
  const run: Run = { options, nodes, evaluator, tolerance, maxEvaluations, safety };
  return options.rule === "adaptive" ? runAdaptive(run) : runFixed(run, options.rule);
}

function usage(what: string, expected: string, found: number): PathlightError {
  return new PathlightError("usage", `${what} cannot be ${found}.`, { expected, found: String(found) });
}
