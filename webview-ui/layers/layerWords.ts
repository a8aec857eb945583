import type { Attribution } from "../../src/protocol/explanation.ts";
import { formatPercent, formatScore, formatSigned } from "../../src/protocol/format.ts";
import type { Conservation, LayerSum, NeuronNode, Neurons } from "../../src/protocol/neurons.ts";

/** Names and sentences of the Layers tab. */

export function shapeText(shape: readonly (number | null)[]): string {
  return shape.length === 0 ? "a number" : shape.map((side) => side ?? "?").join("×");
}

export function layerName(layer: readonly string[]): string {
  const [first = "", ...others] = layer;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** What one neuron of a node is called. */
export function neuronNoun({ shape }: Pick<NeuronNode, "shape">, sample: Attribution["kind"] | null): string {
  if (shape.length <= 1) return "unit";
  return sample === "text" && shape.length === 2 ? "dimension" : "channel";
}

export interface NeuronPlace {
  readonly node: NeuronNode;
  /** Index in the node. */
  readonly neuron: number;
}

/** Where the neuron at `index`, counted over the nodes of the layer, stands. */
export function neuronAt(nodes: readonly NeuronNode[], index: number): NeuronPlace | null {
  const node = nodes.find(({ offset, count }) => index >= offset && index < offset + count);
  return node === undefined ? null : { node, neuron: index - node.offset };
}

/** "418"; with the node before it where the layer has several. */
export function neuronName(nodes: readonly NeuronNode[], index: number): string {
  const place = neuronAt(nodes, index);
  if (place === null) return String(index);
  return nodes.length > 1 ? `${place.node.id} ${place.neuron}` : String(place.neuron);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** All that is known of a layer, in a sentence. */
export function layerSentence(layer: LayerSum, { deltaF }: Pick<Conservation, "deltaF">): string {
  const name = `${layer.node}, ${layer.op}, ${shapeText(layer.shape)}`;
  switch (layer.state) {
    case "waits":
      return `${name}: not computed yet`;
    case "refused":
      return `${name}: cannot be looked into, ${layer.reason ?? "for an unknown reason"}`;
    case "not-a-cut":
      return `${name}: not a cut, part of the change passes it; ${carried(layer, deltaF)}${held(layer)}`;
    case "cut":
      return `${name}: ${carried(layer, deltaF)}${layer.residual === null ? "" : `, off by ${formatPercent(layer.residual)}`}${held(layer)}`;
  }
}

function carried({ sum }: LayerSum, deltaF: number): string {
  return sum === null ? "its sum is not known" : `carries ${formatSigned(sum)} of ${formatSigned(deltaF)}`;
}

function held({ concentration }: LayerSum): string {
  return concentration === null ? "" : `; the strongest 5\u202f% of its neurons hold ${formatPercent(concentration)}`;
}

export interface Check {
  readonly id: "patches" | "layer" | "derivatives" | "values" | "status" | "finite";
  readonly says: string;
  readonly ok: boolean;
  readonly title: string;
}

/** What was checked of the neurons' values, each with its figure. `warnAbove`: what is too far off, a fraction. */
export function checksOf(neurons: Neurons, warnAbove: number): readonly Check[] {
  const { conservation, partition, derivatives, featureError, status, notFinite } = neurons;
  const named = neurons.patches.length > 0;
  const checks: Check[] = [];
  const of = named ? "the patches and the rest of the sample give" : "two halves of the sample give";
  checks.push({
    id: "patches",
    says: `${named ? "Patches add" : "Two halves of the sample add"} up, off by ${formatPercent(partition.residual)}`,
    ok: partition.residual <= warnAbove,
    title:
      `What ${of} to each neuron, against its conductance, over all neurons.` +
      (partition.worst === null ? "" : ` Furthest off: neuron ${partition.worst.neuron}.`),
  });
  checks.push({
    id: "layer",
    says: conservation.isCut
      ? `Layer adds up, off by ${formatPercent(conservation.residual)}`
      : `Layer and what passes it add up, off by ${formatPercent(conservation.residual)}`,
    ok: conservation.residual <= warnAbove,
    title: `The sum over the layer is ${formatSigned(conservation.sum)}; the score changes by ${formatSigned(conservation.deltaF)}.`,
  });
  checks.push(derivativeCheck(derivatives, warnAbove));
  if (featureError !== null) {
    checks.push({
      id: "values",
      says: `Values good to about ${formatPercent(featureError)}`,
      ok: featureError <= 0.25,
      title: "Estimated relative L1 error over all patches and neurons.",
    });
  }
  const ended = endedEarly[status];
  // Derivatives that disagree are why it is suspect, and stand there already.
  if (ended !== undefined && !(status === "suspect-gradient" && derivatives.disagreement !== null)) {
    checks.push({
      id: "status",
      says: ended,
      ok: status === "precision-floor",
      title: `${neurons.evaluations} evaluations.`,
    });
  }
  if (notFinite.length > 0) {
    const names = notFinite.slice(0, 4).map(({ node, neuron }) => `${node} ${neuron}`);
    const more = notFinite.length - names.length;
    checks.push({
      id: "finite",
      says: `Not finite, left out of all sums: ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
      ok: false,
      title: "Their value is infinite or not a number somewhere on the path.",
    });
  }
  return checks;
}

const endedEarly: Readonly<Partial<Record<Neurons["status"], string>>> = {
  budget: "Stopped at the limit of evaluations",
  cancelled: "Cancelled: a draft",
  "precision-floor": "At the precision limit of float32",
  "suspect-gradient": "Gradient suspect: the error does not shrink",
};

function derivativeCheck({ method, error, disagreement, reason }: Neurons["derivatives"], warnAbove: number): Check {
  const exact = method === "double-vjp";
  const how = exact ? "Derivatives exact" : `Derivatives by differences, good to ${formatPercent(error)}`;
  return {
    id: "derivatives",
    says:
      disagreement === null
        ? `${how}, confirmed`
        : `${how}; a central difference disagrees by ${formatPercent(disagreement)}`,
    ok: disagreement === null && error <= warnAbove,
    title: `${exact ? "Two backward passes" : (reason ?? "Central differences of forward passes")}; held against central differences at two points of the path.`,
  };
}

/** "Channel 418 gets +0.55 ± 0.02 from A, 8.6 % of the change". */
export function valueText(value: number, error: number): string {
  return `${formatSigned(value)} ± ${formatScore(Math.abs(error), 2)}`;
}
