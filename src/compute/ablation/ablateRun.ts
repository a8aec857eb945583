import { randomUUID } from "node:crypto";
import { breathe, throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import { seededRandom } from "../../common/random.ts";
import { AblatedModel } from "../../engine/ablation/ablatedModel.ts";
import type { DifferentiableModel } from "../../engine/port.ts";
import { fetchesOf } from "../../engine/scoreOf.ts";
import type { AblateParams, Ablation, AblationResult } from "../../protocol/neurons.ts";
import { withFeeds } from "../feeds.ts";
import { forwardOnce } from "../forwardRows.ts";
import { type Measured, measuredFrom, measurements } from "../measured.ts";
import { neuronDetail } from "../neurons/neuronDetail.ts";
import type { OpenedModel } from "../openedModel.ts";
import { Run } from "../run.ts";
import { runKey } from "../runKey.ts";
import type { RunPlan } from "../runPlan.ts";
import { ablatedNode, chosenNeurons, type FieldChoice, notFiniteNeurons, otherNeurons } from "./ablatedLayer.ts";
import { feedsAt } from "./nodeValues.ts";
import { replacements } from "./replacements.ts";

const SEED = 20_220_411;

export interface AblateProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

export interface AblateOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: AblateProgress) => void) | undefined;
}

/** What was found by forward passes, and the run without the neurons, ready to be integrated. */
export interface AblatedRun {
  readonly result: Omit<AblationResult, "explanations">;
  readonly run: Run;
}

/**
 * Switches neurons of a run off and measures: scores and predictions before and after, and as many others at random for
 * comparison. Throws `usage` for neurons that are not there or that the score does not depend on, `not-finite`.
 */
export async function ablateRun(
  run: Run,
  opened: OpenedModel,
  params: AblateParams,
  { signal, onProgress }: AblateOptions = {},
): Promise<AblatedRun> {
  const { plan } = run;
  refuseWindows(plan);
  const { model } = opened.loaded;
  const entries = merged(params.ablation);
  const asked = entries.map(({ node, axis, units }) => ({ id: node, axis: units === true ? null : axis }));
  const { fields, notes } = await replacements(plan, opened, asked, {
    value: params.value,
    samples: params.samples,
    signal,
    onProgress: (done, total) => onProgress?.({ stage: "Reading samples for the mean", done, total }),
  });
  const said = [...notes];
  const choices = fields.map((field, k) => finiteOnly(chosenNeurons(field, entries[k] as Ablation[number]), said));
  const count = choices.reduce((sum, { neurons }) => sum + neurons.length, 0);
  if (count === 0) throw notFiniteAtAll(params);
  const ablated = new AblatedModel(model, choices.map(ablatedNode));
  checkReach(ablated, plan);
  if (choices.every(({ field, neurons }) => neurons.length === field.neurons)) {
    said.push(
      "Every neuron of the layer is switched off: what is left of the score passes beside it, or is its value there.",
    );
  }
  const total = 2 + params.control;
  const report = (done: number): void => onProgress?.({ stage: "Measuring scores", done, total });
  const before = await measure(plan, model, signal);
  report(1);
  const after = await measure(plan, ablated, signal);
  report(2);
  const control = await measureControl(plan, model, choices, params.control, signal, (done) => report(2 + done));
  if (control === null && params.control > 0) {
    said.push("No random neurons for comparison: the layer has too few others.");
  }
  return {
    result: {
      runId: run.id,
      ablation: params.ablation,
      value: params.value,
      count,
      before: { score: before.score, predictions: before.predictions },
      after: { score: after.score, predictions: after.predictions },
      control,
      promised: params.value === "baseline" ? promisedBy(run, choices) : null,
      notes: said,
    },
    run: withoutNeurons(run, params, choices, after),
  };
}

/** Nodes once each: neurons that are named twice are switched off once. */
function merged(ablation: Ablation): Ablation {
  const byNode = new Map<string, Ablation[number]>();
  for (const entry of ablation) {
    const known = byNode.get(entry.node);
    if (known !== undefined && (known.axis !== entry.axis || known.units !== entry.units)) {
      throw new PathlightError("usage", `The neurons of ${entry.node} are counted in two ways.`, {
        expected: "one axis, or single values, for each layer",
        found: "both",
      });
    }
    byNode.set(entry.node, { ...entry, neurons: [...(known?.neurons ?? []), ...entry.neurons] });
  }
  return [...byNode.values()];
}

/** Leaves out what would be replaced by no number, and says so. */
function finiteOnly(choice: FieldChoice, notes: string[]): FieldChoice {
  const wrong = new Set(notFiniteNeurons(choice.field));
  const left = choice.neurons.filter((neuron) => !wrong.has(neuron));
  const out = choice.neurons.filter((neuron) => wrong.has(neuron));
  if (out.length > 0) {
    const named = out.length > 8 ? `${out.slice(0, 8).join(", ")}, …` : out.join(", ");
    notes.push(
      `${out.length === 1 ? "Neuron" : "Neurons"} ${named} of ${choice.field.id}: what would stand there is not a finite number; left as ${out.length === 1 ? "it is" : "they are"}.`,
    );
  }
  return { field: choice.field, neurons: left };
}

async function measure(plan: RunPlan, model: DifferentiableModel, signal: AbortSignal | undefined): Promise<Measured> {
  throwIfCancelled(signal);
  const measured = await withFeeds(feedsAt(plan, "x"), async (feeds) => {
    const row = await forwardOnce(feeds, measurements(plan, model, plan.score));
    const found = measuredFrom(plan, row);
    if (Number.isFinite(found.score)) return found;
    const node = await model.firstNonFiniteNode(feeds);
    throw new PathlightError(
      "not-finite",
      `The score is not a finite number${model instanceof AblatedModel ? " without these neurons" : ""}.${node === null ? "" : ` The first node that is not finite is ${node}.`}`,
      {
        expected: "a finite score",
        found: String(found.score),
        whatToDo: "Replace the neurons by another value, or choose others.",
      },
    );
  });
  await breathe();
  return measured;
}

async function measureControl(
  plan: RunPlan,
  model: DifferentiableModel,
  choices: readonly FieldChoice[],
  draws: number,
  signal: AbortSignal | undefined,
  onDone: (done: number) => void,
): Promise<AblationResult["control"]> {
  if (draws === 0) return null;
  const random = seededRandom(SEED);
  const scores: number[] = [];
  const probabilities: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const others = otherNeurons(choices, random);
    if (others === null) return null;
    const { score, target } = await measure(plan, new AblatedModel(model, others.map(ablatedNode)), signal);
    scores.push(score);
    if (target !== null) probabilities.push(target.score);
    onDone(draw + 1);
  }
  const { mean, deviation } = statistics(scores);
  return { scores, mean, deviation, probability: probabilities.length === 0 ? null : statistics(probabilities).mean };
}

/**
 * Σ conductance of the neurons: to first order what the score loses when they go back to the baseline's activation. Null
 * unless the last question about the neurons of the run was about these layers.
 */
function promisedBy(run: Run, choices: readonly FieldChoice[]): number | null {
  let sum = 0;
  for (const { field, neurons } of choices) {
    const node = run.neurons?.nodes.find(({ id }) => id === field.id);
    if (node === undefined || node.axis !== field.axis || run.neurons?.integration === null) return null;
    for (const neuron of neurons) {
      for (const value of neuronDetail(run, field.id, neuron).conductance) sum += value;
    }
  }
  return Number.isFinite(sum) ? sum : null;
}

/** Mean, and standard deviation of the values about it (n − 1); 0 of a single one. */
export function statistics(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1)) };
}

function checkReach(ablated: AblatedModel, plan: RunPlan): void {
  const fed = new Set([...plan.explained, ...plan.held].map(({ node }) => node));
  if (ablated.reaches(fetchesOf(plan.score), fed)) return;
  throw new PathlightError("usage", "The explained score does not depend on these neurons.", {
    expected: "a layer between the explained input and the score",
    found: "a layer that the score does not read",
    whatToDo: "Choose another layer.",
  });
}

/** The same question about the model without the neurons. Refined and audited, it stays without them. */
function withoutNeurons(
  { id, key, plan, limits, ablated }: Run,
  { ablation, value }: AblateParams,
  choices: readonly FieldChoice[],
  after: Measured,
): Run {
  const parts = [key, id, JSON.stringify(ablation), value];
  const ownKey = runKey(
    parts,
    choices.map(({ field }) => field.value),
  );
  const count = choices.reduce((sum, { neurons }) => sum + neurons.length, 0);
  const note = {
    code: "ablated" as const,
    message: `${count} ${count === 1 ? "neuron is" : "neurons are"} switched off in ${choices.map(({ field }) => field.id).join(", ")}.`,
  };
  const changed: RunPlan = {
    ...plan,
    // Of a written text they are its tokens, which stay what was written.
    predictions: plan.produced === undefined ? after.all : plan.predictions,
    target: { ...plan.target, value: after.target?.logit ?? after.score },
    notes: [...plan.notes, note],
  };
  return new Run(randomUUID(), ownKey, changed, limits, [...ablated, ...choices.map(ablatedNode)]);
}

/** A neuron stands in each window by itself, and its mean over other texts would be over other windows. Throws `usage`. */
export function refuseWindows({ windows }: RunPlan): void {
  if (windows === undefined) return;
  throw new PathlightError("usage", "Neurons are not switched off for a text that is read in windows.", {
    expected: "a text that the model takes, or one that is cut",
    found: "a text that is longer",
    whatToDo: "Shorten the text, or read it cut.",
  });
}

function notFiniteAtAll({ ablation, value }: AblateParams): PathlightError {
  const nodes = ablation.map(({ node }) => node).join(", ");
  return new PathlightError(
    "not-finite",
    `What would stand in place of the neurons of ${nodes} is not a finite number.`,
    {
      expected: "a finite activation",
      found: "none among these neurons",
      whatToDo: value === "zero" ? "Choose other neurons." : "Replace them by zero, or choose other neurons.",
    },
  );
}
