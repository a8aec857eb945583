import type { NodeId } from "../port.ts";

/** A node of a layer. A neuron is one index of `axis`, summed over the other axes: its places. */
export interface LayerNode {
  readonly id: NodeId;
  /** Without the batch axis. */
  readonly shape: readonly number[];
  /** Axis of `shape` that counts the neurons. */
  readonly axis: number;
}

/** Where the values of a layer's nodes stand, one node after the other, and to which neuron each belongs. */
export interface LayerMap {
  /** Values of all nodes. */
  readonly width: number;
  readonly neurons: number;
  readonly neuronOf: Uint32Array;
  /** Of each node: its first value, its values, its first neuron, its neurons. */
  readonly parts: readonly {
    readonly from: number;
    readonly size: number;
    readonly firstNeuron: number;
    readonly neurons: number;
  }[];
}

export function layerMap(nodes: readonly LayerNode[]): LayerMap {
  const parts: LayerMap["parts"][number][] = [];
  let [width, neurons] = [0, 0];
  for (const { shape, axis } of nodes) {
    const size = shape.reduce((product, side) => product * side, 1);
    const count = shape[axis] ?? 1;
    parts.push({ from: width, size, firstNeuron: neurons, neurons: count });
    width += size;
    neurons += count;
  }
  const neuronOf = new Uint32Array(width);
  for (const [k, { shape, axis }] of nodes.entries()) {
    const part = parts[k] as LayerMap["parts"][number];
    const inner = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
    for (let i = 0; i < part.size; i++) {
      neuronOf[part.from + i] = part.firstNeuron + (Math.floor(i / inner) % part.neurons);
    }
  }
  return { width, neurons, neuronOf, parts };
}

/** Sums over the places of each neuron, in float64. */
export function sumByNeuron({ neurons, neuronOf }: LayerMap, values: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(neurons);
  for (let i = 0; i < values.length; i++) {
    const neuron = neuronOf[i] as number;
    sums[neuron] = (sums[neuron] as number) + (values[i] as number);
  }
  return sums;
}
