import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { PathlightError } from "../common/errors.ts";
import type { DifferentiableModel, NodeId, OutputHead } from "../engine/port.ts";
import { fromTensorError } from "../engine/tensorErrors.ts";
import type { Prediction } from "../protocol/explanation.ts";
import type { ExpressionScope } from "../protocol/expression/scope.ts";
import { byStrength } from "../protocol/strength.ts";
import type { PreparedInput } from "./prepareInputs.ts";
import type { Task } from "./target.ts";
import { onSide, sides, TwinModel, withoutSide } from "./twin/twinModel.ts";

export interface ScopeFacts {
  readonly model: DifferentiableModel;
  /** The model reads the sample in windows: each has the value of an expression, and its shapes. */
  readonly windowed?: boolean | undefined;
  /** The sample, as it is fed. */
  readonly feeds: ReadonlyMap<NodeId, Tensor>;
  readonly inputs: readonly PreparedInput[];
  readonly head: OutputHead;
  readonly task: Task;
  readonly predictions: readonly Prediction[];
  /** Whether the labels of the predictions are names that somebody gave. */
  readonly labelled: boolean;
  /** Where the model labels each position of a text: the one that the predictions are of. */
  readonly position: number | null;
}

/** What the names in a target expression stand for at one sample: shapes are those of the sample itself. */
export function expressionScope(facts: ScopeFacts): ExpressionScope {
  const { model, feeds, head, task, predictions } = facts;
  const ranked = [...predictions].sort(byStrength);
  const shapes = new Map<NodeId, readonly number[]>();
  const known = new Set([...model.nodes, ...model.outputs, ...model.inputs].map(({ id }) => id));
  const own = head.activation === "none" ? null : head.activation;
  const byTask = task === "regression" ? null : task === "multi-label" ? "sigmoid" : "softmax";
  return {
    head: {
      output: head.output,
      logit: head.logit,
      probability: own ?? byTask,
      applied: own !== null,
      position: facts.position,
    },
    labels: facts.labelled ? predictions.map(({ label }) => label) : null,
    predicted: ranked[0]?.index ?? null,
    runnerUp: ranked[1]?.index ?? null,
    aliases: model instanceof TwinModel ? aliasesOf(head) : undefined,
    outputs: model.outputs.map(({ id }) => id),
    shapeOf: (node) => {
      if (!known.has(node)) return undefined;
      const shape = shapes.get(node) ?? shapeAt(model, feeds, node).slice(facts.windowed === true ? 1 : 0);
      shapes.set(node, shape);
      return shape;
    },
    positionWeights: (nodes, count) => positionWeights(facts, nodes, count),
  };
}

/** Either text's own of the output that is chosen. */
function aliasesOf({ output }: OutputHead): Map<string, NodeId> {
  return new Map(sides.map((side) => [side, onSide(side, withoutSide(output))]));
}

function shapeAt(model: DifferentiableModel, feeds: ReadonlyMap<NodeId, Tensor>, node: NodeId): number[] {
  try {
    return tidy(() => (model.evaluate(feeds, [node])[0] as Tensor).shape.slice(1));
  } catch (error) {
    throw fromTensorError(error);
  }
}

/**
 * A mean over the positions of a text leaves out those that its attention mask, or padding, takes out, as sentence
 * encoders do (N. Reimers, I. Gurevych, "Sentence-BERT", 2019, section 3). Null where the values are of no text.
 */
function positionWeights({ model, inputs }: ScopeFacts, nodes: readonly NodeId[], count: number): number[] | null {
  const reached = ancestorsOf(model, nodes);
  const isReached = ({ spec, prepared }: PreparedInput): boolean =>
    lengthOf(prepared) === count && (reached === null || reached.has(spec.id));
  const texts = inputs.filter(
    (input) => input.role === undefined && input.prepared.kind === "text" && isReached(input),
  );
  const masks = texts.flatMap(({ spec, prepared }) => {
    if (prepared.kind !== "text") return [];
    // Padding stands at the same positions of every window.
    const places = prepared.windows?.places[0];
    if (places !== undefined)
      return [Array.from(places, (at) => Number(prepared.encoded.tokens[at]?.special !== "pad"))];
    const given = inputs.filter((input) => input.role === "mask" && isReached(input));
    const mask = given.find(({ of }) => of === spec.id) ?? (texts.length === 1 ? given[0] : undefined);
    const own = mask?.prepared.tensor.data;
    if (own !== undefined) return [Array.from(own, (each) => (each === 0 ? 0 : 1))];
    return [prepared.encoded.tokens.map(({ special }) => (special === "pad" ? 0 : 1))];
  });
  const [mask, ...others] = masks;
  if (mask === undefined) return null;
  if (others.some((other) => other.join() !== mask.join())) {
    throw new PathlightError(
      "target-invalid",
      `It cannot be told whose padding a mean over ${nodes.join(", ")} leaves out.`,
      {
        expected: "a value that is computed from one text",
        found: `${masks.length} texts of ${count} positions, padded differently`,
        whatToDo: "Take the mean of each text's own output.",
      },
    );
  }
  const kept = mask.reduce<number>((sum, each) => sum + each, 0);
  return kept === 0 ? null : mask.map((each) => each / kept);
}

/** Positions that the model reads at once. */
function lengthOf(prepared: PreparedInput["prepared"]): number {
  const windows = prepared.kind === "text" ? prepared.windows : undefined;
  return windows?.length ?? prepared.tensor.data.length;
}

/** Everything that these nodes are computed from, themselves included; null where the format does not say. */
function ancestorsOf(model: DifferentiableModel, nodes: readonly NodeId[]): Set<NodeId> | null {
  const specs = new Map([...model.inputs, ...model.nodes].map((spec) => [spec.id, spec]));
  const found = new Set<NodeId>();
  const pending = [...nodes];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    const inputs = specs.get(id)?.inputs;
    if (inputs === undefined && !model.inputs.some((input) => input.id === id)) return null;
    pending.push(...(inputs ?? []));
  }
  return found;
}
