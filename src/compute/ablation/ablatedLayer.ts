import { PathlightError } from "../../common/errors.ts";
import type { AblatedNode } from "../../engine/ablation/ablatedModel.ts";
import type { NodeId } from "../../engine/port.ts";
import type { Ablation } from "../../protocol/neurons.ts";

/** A node whose neurons can be switched off, with what stands in their place. */
export interface LayerField {
  readonly id: NodeId;
  /** Without the batch axis. */
  readonly shape: readonly number[];
  /** Axis of `shape` that counts the neurons; null: each value is one by itself. */
  readonly axis: number | null;
  readonly neurons: number;
  /** What stands in place of each value of the node that is switched off. */
  readonly value: Float32Array;
}

/** Neurons of a field, each once, ascending. */
export interface FieldChoice {
  readonly field: LayerField;
  readonly neurons: readonly number[];
}

/** The neuron that a value of the node belongs to. */
export function neuronOf({ shape, axis }: Pick<LayerField, "shape" | "axis">, place: number): number {
  if (axis === null) return place;
  const inner = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  return Math.floor(place / inner) % (shape[axis] ?? 1);
}

/** Names the neurons of an ablation by what they are; throws `usage` for one that is not there. */
export function chosenNeurons(field: LayerField, { node, neurons, axis }: Ablation[number]): FieldChoice {
  const wrong = neurons.find((neuron) => neuron >= field.neurons);
  if (wrong !== undefined) {
    const what = field.axis === null ? "values" : "neurons";
    throw new PathlightError("usage", `The layer ${node} has no neuron ${wrong}.`, {
      expected: `0 to ${field.neurons - 1}: the layer has ${field.neurons} ${what}, shape [${field.shape.join(", ")}]${axisText(field, axis)}`,
      found: String(wrong),
      whatToDo: "Correct the list of neurons.",
    });
  }
  return { field, neurons: [...new Set(neurons)].sort((a, b) => a - b) };
}

function axisText({ axis }: LayerField, asked: number | undefined): string {
  if (axis === null) return "";
  return `, counted along axis ${axis}${asked === undefined ? "" : " as asked for"}`;
}

/** The choice as the engine takes it. */
export function ablatedNode({ field, neurons }: FieldChoice): AblatedNode {
  const chosen = new Uint8Array(field.neurons);
  for (const neuron of neurons) chosen[neuron] = 1;
  const off = Uint8Array.from(field.value, (_, place) => chosen[neuronOf(field, place)] ?? 0);
  return { id: field.id, shape: field.shape, off, value: field.value };
}

/** Neurons whose replacement is not a finite number: they cannot be switched off. */
export function notFiniteNeurons(field: LayerField): number[] {
  const found = new Set<number>();
  for (const [place, value] of field.value.entries()) if (!Number.isFinite(value)) found.add(neuronOf(field, place));
  return [...found].sort((a, b) => a - b);
}

/** As many others of each field, at random; null where there are too few. `random` in [0, 1). */
export function otherNeurons(choices: readonly FieldChoice[], random: () => number): FieldChoice[] | null {
  const drawn: FieldChoice[] = [];
  for (const { field, neurons } of choices) {
    const taken = new Set([...neurons, ...notFiniteNeurons(field)]);
    const others = Array.from({ length: field.neurons }, (_, neuron) => neuron).filter((each) => !taken.has(each));
    if (others.length < neurons.length) return null;
    drawn.push({ field, neurons: sample(others, neurons.length, random).sort((a, b) => a - b) });
  }
  return drawn;
}

/** `count` of the items, each as likely as the others (Fisher and Yates). */
export function sample(items: readonly number[], count: number, random: () => number): number[] {
  const left = [...items];
  for (let k = 0; k < count; k++) {
    const other = k + Math.floor(random() * (left.length - k));
    [left[k], left[other]] = [left[other] as number, left[k] as number];
  }
  return left.slice(0, count);
}
