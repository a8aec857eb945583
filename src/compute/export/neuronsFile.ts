import { readdir, rm } from "node:fs/promises";
import { release } from "node:os";
import { join } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import { type NeuronNode, type Neurons, type NeuronsFile, neuronsFileSchema } from "../../protocol/neurons.ts";
import { npyHeader } from "../../samples/index.ts";
import { type NeuronsRun, pointsAllowed } from "../neurons/neuronsRun.ts";
import type { Run } from "../run.ts";
import { version } from "../version.ts";
import { writeFilesAtomically } from "./atomicFiles.ts";

export interface NeuronsExport {
  /** Whose last question about its neurons was answered by `neurons`. */
  readonly run: Run;
  readonly neurons: Neurons;
  readonly request: ExplainRequest;
  /** Strongest neurons that are listed, of all and of each patch. */
  readonly top: number;
}

/**
 * Writes `neurons.json`, and for each node of the layer, from 0, `neurons-K.npy`: float32, [patches, ...shape], a row at
 * a time. Without patches there is one row, the conductance. NaN stands for neurons that are not finite. Each file
 * appears whole or not at all.
 *
 * @returns The path of `neurons.json`.
 */
export async function exportNeurons(folder: string, content: NeuronsExport): Promise<string> {
  const state = content.run.neurons;
  if (state === undefined) throw new PathlightError("internal", "The neurons are no longer kept.");
  const file = neuronsFile(content, state);
  await writeFilesAtomically(folder, [
    { name: "neurons.json", content: `${JSON.stringify(file, null, 2)}\n` },
    ...state.nodes.map((node, part) => ({ name: fileName(part), content: npyParts(state, node, part) })),
  ]);
  // An earlier export of a layer of more nodes must not look like part of this one.
  for (const name of await readdir(folder)) {
    const index = /^neurons-(\d+)\.npy$/.exec(name)?.[1];
    if (index !== undefined && Number(index) >= state.nodes.length) await rm(join(folder, name), { force: true });
  }
  return join(folder, "neurons.json");
}

function fileName(part: number): string {
  return `neurons-${part}.npy`;
}

function neuronsFile({ run, neurons, request, top }: NeuronsExport, state: NeuronsRun): NeuronsFile {
  const {
    runId: _run,
    attributions: _attributions,
    finishedAt,
    matrix: _matrix,
    audit: _audit,
    ...base
  } = run.explanation(Number.POSITIVE_INFINITY);
  const { integration } = state;
  const { conservation, conductance, conductanceErrors, values, errors, patches, nodes, deltaF, notes } = neurons;
  const count = conductance.length;
  const mapSize = [...conductance].reduce((sum, value) => sum + (Number.isFinite(value) ? Math.abs(value) : 0), 0);
  const off = Math.abs(conservation.sum + (conservation.bypass ?? 0) - deltaF);
  const rank = (row: Float32Array, rowErrors: Float32Array) => ranked(nodes, row, rowErrors, deltaF).slice(0, top);
  const rows = Math.max(1, patches.length);
  const [first] = nodes;
  return neuronsFileSchema.parse({
    version: 1,
    ...base,
    status: neurons.status,
    method: "integrated-gradients",
    rule: "adaptive",
    steps: null,
    tolerance: neurons.tolerance,
    maxEvaluations: pointsAllowed(run, state.params),
    score: neurons.score,
    deltaF,
    sum: conservation.sum,
    completenessError: { absolute: off, relative: deltaF === 0 ? null : off / Math.abs(deltaF) },
    featureError: neurons.featureError,
    mapSize,
    gradientSum: null,
    evaluations: neurons.evaluations,
    rounds: neurons.rounds,
    seconds: neurons.seconds,
    errorByRound: (integration?.errorByRound ?? []).map((round) => ({ ...round })),
    grain: null,
    path: {
      alphas: [...(integration?.alphas ?? [])],
      scores: [...(integration?.f ?? [])],
      worst: (integration?.worstIntervals ?? []).map((interval) => ({ ...interval })),
    },
    attributions: nodes.map(({ id, shape }, part) => ({ input: id, shape: [rows, ...shape], file: fileName(part) })),
    provenance: {
      pathlight: version,
      request,
      finishedAt: finishedAt ?? new Date().toISOString(),
      platform: `${process.platform} ${process.arch} ${release()}`,
      node: process.version,
    },
    layer: nodes.length === 1 ? first?.id : neurons.layer,
    shape: nodes.length === 1 ? first?.shape : nodes.map(({ shape }) => shape),
    nodes,
    patches: patches.map((patch, k) => ({
      ...patch,
      top: rank(values.subarray(k * count, (k + 1) * count), errors.subarray(k * count, (k + 1) * count)),
    })),
    grid: neurons.grid,
    top: rank(conductance, conductanceErrors),
    conductance: finite(conductance),
    conductanceErrors: finite(conductanceErrors),
    conservation,
    partition: neurons.partition,
    derivatives: neurons.derivatives,
    notFinite: neurons.notFinite,
    notes,
  });
}

/** Neurons by the size of their value, largest first; what is not finite is left out. */
export function ranked(
  nodes: readonly NeuronNode[],
  values: Float32Array,
  errors: Float32Array,
  deltaF: number,
): NeuronsFile["top"] {
  const order = [...values.keys()]
    .filter((neuron) => Number.isFinite(values[neuron]))
    .sort((a, b) => Math.abs(values[b] as number) - Math.abs(values[a] as number) || a - b);
  return order.map((neuron) => {
    const node = nodes.findLast(({ offset }) => offset <= neuron);
    const value = values[neuron] as number;
    return {
      node: node?.id ?? "",
      neuron: neuron - (node?.offset ?? 0),
      value,
      error: errors[neuron] as number,
      share: deltaF === 0 ? null : value / deltaF,
    };
  });
}

function finite(values: Float32Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}

/** The header, and then a row a patch; what an earlier row took is free again. */
function* npyParts(state: NeuronsRun, node: NeuronNode, part: number): Generator<Uint8Array> {
  const { patches, integrand, store, weights } = state;
  const { from = 0, size = 0 } = integrand.map.parts[part] ?? {};
  yield npyHeader([Math.max(1, patches.length), ...node.shape]);
  const excluded = new Set(integrand.excluded);
  const rows: readonly (readonly number[] | null)[] = patches.length === 0 ? [null] : integrand.atoms.ofPatch;
  for (const atoms of rows) {
    const sum = new Float64Array(size);
    for (const [alpha, weight] of weights) {
      const { handles } = integrand.record(alpha);
      for (const atom of atoms ?? [handles.length - 1]) {
        const row = store.get(handles[atom] as number);
        for (let i = 0; i < size; i++) sum[i] = (sum[i] as number) + weight * (row[from + i] as number);
      }
    }
    const values = Float32Array.from(sum, (value, i) =>
      excluded.has(integrand.map.neuronOf[from + i] as number) ? Number.NaN : value,
    );
    yield littleEndian(values);
  }
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
  return bytes;
}
