import { randomUUID } from "node:crypto";
import { PathlightError } from "../../common/errors.ts";
import { AblatedModel } from "../../engine/ablation/ablatedModel.ts";
import type { Integration } from "../../engine/integration.ts";
import type { DifferentiableModel } from "../../engine/port.ts";
import { integrateRun } from "../integrateRun.ts";
import { Run } from "../run.ts";
import { ablatedNode, type FieldChoice } from "./ablatedLayer.ts";

/** What is left of a score and its attributions. */
export interface Attributed {
  readonly score: number;
  /** Σ attribution of each set of features. */
  readonly sums: readonly number[];
  /** Completeness error, relative to ΔF, or to the size of the map where ΔF is 0. */
  readonly error: number;
  /** The same in units of the score. */
  readonly absoluteError: number;
}

/** The attribution of a run without neurons, to the tolerance of the run. Nothing of it is kept. */
export async function attributedWithout(
  run: Run,
  model: DifferentiableModel,
  choices: readonly FieldChoice[],
  features: readonly Uint32Array[],
  signal: AbortSignal | undefined,
): Promise<Attributed> {
  const ablated = choices.filter(({ neurons }) => neurons.length > 0).map(ablatedNode);
  const without = new Run(randomUUID(), run.key, run.plan, run.limits, [...run.ablated, ...ablated]);
  const nothing = (): void => {};
  await integrateRun(without, null, ablated.length === 0 ? model : new AblatedModel(model, ablated), {
    signal,
    onProgress: nothing,
    onDraft: nothing,
  });
  const { integration } = without;
  if (integration === null) throw new PathlightError("internal", "There is no attribution.");
  return attributed(integration, features);
}

export function attributed(integration: Integration, features: readonly Uint32Array[]): Attributed {
  const { attributions, completenessError, fInput } = integration;
  const size = attributions.reduce((sum, value) => sum + Math.abs(value), 0);
  const { absolute, relative } = completenessError;
  return {
    score: fInput,
    sums: features.map((each) => each.reduce((sum, feature) => sum + (attributions[feature] ?? Number.NaN), 0)),
    error: relative ?? (size === 0 ? 0 : absolute / size),
    absoluteError: absolute,
  };
}
