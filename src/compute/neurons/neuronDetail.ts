import { PathlightError } from "../../common/errors.ts";
import type { NodeId } from "../../engine/port.ts";
import type { NeuronDetail, NeuronNode } from "../../protocol/neurons.ts";
import type { Run } from "../run.ts";
import type { NeuronsRun } from "./neuronsRun.ts";

/** One neuron of the last question about the neurons of a run, at every place. Throws `usage` for one that is not in it. */
export function neuronDetail(run: Run, id: NodeId, neuron: number): NeuronDetail {
  const state = run.neurons;
  if (state === undefined || state.integrand.evaluations === 0) throw nothingAsked();
  const part = state.nodes.findIndex((node) => node.id === id);
  const node = state.nodes[part];
  if (node === undefined || neuron >= node.count) throw notIn(state.nodes, id, neuron);
  const from = state.integrand.map.parts[part]?.from ?? 0;
  const values = placesOf(node, neuron);
  const places = values.map((place) => from + place);
  const activations = state.activations[part];
  const excluded = state.integrand.excluded.includes(node.offset + neuron);
  const { atoms } = state.integrand;
  const wanted = [...atoms.ofPatch, null];
  const rows = wanted.map((members) => (excluded ? places.map(() => Number.NaN) : sumAt(state, members, places)));
  const conductance = rows.pop() ?? [];
  return {
    node: id,
    neuron,
    places: node.shape.filter((_, axis) => axis !== node.axis),
    conductance: Float32Array.from(conductance),
    values: Float32Array.from(rows.flatMap((row) => [...row])),
    activation: Float32Array.from(values, (place) => activations?.input[place] ?? Number.NaN),
    baselineActivation: Float32Array.from(values, (place) => activations?.baseline[place] ?? Number.NaN),
  };
}

/** What atoms give to some values of the layer; null: everything that moves, from the derivative along all of it. */
function sumAt(state: NeuronsRun, members: readonly number[] | null, places: readonly number[]): Float64Array {
  const sum = new Float64Array(places.length);
  for (const [alpha, weight] of state.weights) {
    const { handles } = state.integrand.record(alpha);
    for (const atom of members ?? [handles.length - 1]) {
      const row = state.store.get(handles[atom] as number);
      for (const [k, place] of places.entries()) sum[k] = (sum[k] as number) + weight * (row[place] as number);
    }
  }
  return sum;
}

/** Where the values of a neuron stand in its node, in the order of its places. */
export function placesOf({ shape, axis, count }: NeuronNode, neuron: number): number[] {
  const inner = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  const outer = shape.slice(0, axis).reduce((product, side) => product * side, 1);
  const places: number[] = [];
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) places.push((o * count + neuron) * inner + i);
  return places;
}

function nothingAsked(): PathlightError {
  return new PathlightError("run-unknown", "The neurons of this explanation are no longer kept.", {
    whatToDo: "Compute them again.",
  });
}

function notIn(nodes: readonly NeuronNode[], id: NodeId, neuron: number): PathlightError {
  const names = nodes.map((node) => `${node.id} (neurons 0 to ${node.count - 1})`).join(", ");
  return new PathlightError("usage", `There is no neuron ${neuron} of ${id} in what was computed.`, {
    expected: names,
    found: `${neuron} of ${id}`,
    whatToDo: "Compute the neurons of that layer first.",
  });
}
