import type { GradientStore } from "../../engine/gradientStore.ts";
import type { Integration } from "../../engine/integration.ts";
import { sumByNeuron } from "../../engine/neurons/layer.ts";
import type { LayerIntegrand } from "../../engine/neurons/layerIntegrand.ts";
import { formatPercent } from "../../protocol/format.ts";
import type { NeuronNode, Neurons, PatchGrid } from "../../protocol/neurons.ts";
import type { Status } from "../../protocol/status.ts";
import { neuronAt } from "./layerNodes.ts";
import type { PlacedPatch } from "./regions.ts";

/** What the checks beside the integral have found. */
export interface NeuronChecks {
  /** See `derivatives.disagreement` of the protocol. */
  readonly disagreement: number | null;
  /** Where there is one part only: two halves of it against the whole, by neuron, at points of the path. */
  readonly halves: readonly { readonly halves: Float64Array; readonly whole: Float64Array }[];
}

/** All that an answer is made of. */
export interface NeuronsState {
  readonly runId: string;
  readonly layer: readonly string[];
  readonly nodes: readonly NeuronNode[];
  readonly patches: readonly PlacedPatch[];
  readonly grid: PatchGrid | null;
  readonly integrand: LayerIntegrand;
  readonly store: GradientStore;
  readonly scores: { readonly input: number; readonly baseline: number };
  readonly cutWith: readonly string[];
  readonly tolerance: number;
  readonly seconds: number;
  readonly status: Status;
  /** Null after the first point only. */
  readonly integration: Integration | null;
  readonly checks: NeuronChecks | null;
}

/** Weights of the points that the values are summed over: those of the rule, or 1 for the middle of the path. */
export function weightsOf(integration: Integration | null): ReadonlyMap<number, number> {
  if (integration === null) return new Map([[0.5, 1]]);
  return new Map(
    Array.from(integration.alphas, (alpha, k) => [alpha, integration.weights[k] as number] as const).filter(
      ([, weight]) => weight !== 0,
    ),
  );
}

export function neuronsView(state: NeuronsState): Neurons {
  const { integrand, integration, scores, nodes, patches } = state;
  const { map, atoms } = integrand;
  const weights = weightsOf(integration);
  const excluded = new Set(integrand.excluded);
  const byAtom = valuesByAtom(state, weights);
  const atomErrors = byAtom.map((values, atom) => errorsOfAtom(state, atom, values));
  const conductance = wholeOf(integrand, weights);
  const bypass = combine(integrand, weights, (record) => record.bypass);
  const rest = combine(integrand, weights, ({ cells }) => cells.at(-1) ?? 0);
  const deltaF = scores.input - scores.baseline;
  const conductanceErrors = addUp(atomErrors, map.neurons);
  for (const neuron of excluded) conductance[neuron] = 0;
  const sum = total(conductance);
  const size = conductance.reduce((all, value) => all + Math.abs(value), 0);
  const values = new Float32Array(patches.length * map.neurons);
  const errors = new Float32Array(values.length);
  const shown = patches.map(({ name, kind, region }, patch) => {
    const members = atoms.ofPatch[patch] ?? [];
    const own = addUp(
      members.map((atom) => byAtom[atom] ?? new Float64Array(map.neurons)),
      map.neurons,
    );
    const ownErrors = addUp(
      members.map((atom) => atomErrors[atom] ?? new Float64Array(map.neurons)),
      map.neurons,
    );
    values.set(masked(own, excluded), patch * map.neurons);
    errors.set(masked(ownErrors, excluded), patch * map.neurons);
    // Errors of neurons cancel in the sum, but to assess the sum by itself would be too bold: on digits (16 parts, against
    // references) that was a third of this, and below the true error in a fifth of the cases; this in one of a thousand.
    return { name, kind, region, sum: total(own), error: total(ownErrors) };
  });
  const off = Math.abs(sum + bypass - deltaF);
  const isCut = integrand.isCut;
  const { method, derivativeError } = integrand;
  return {
    runId: state.runId,
    layer: [...state.layer],
    nodes: nodes.map((node) => ({ ...node, shape: [...node.shape] })),
    status: state.status,
    score: { ...scores },
    deltaF,
    patches: shown,
    grid: state.grid,
    conductance: masked(conductance, excluded),
    conductanceErrors: masked(conductanceErrors, excluded),
    values,
    errors,
    conservation: {
      sum,
      deltaF,
      residual: isNothing(deltaF, size) ? ratio(off, size) : off / Math.abs(deltaF),
      isCut,
      bypass: isCut ? null : bypass,
      cutWith: isCut ? [] : [...state.cutWith],
    },
    partition: partitionOf(state, byAtom, conductance, size),
    derivatives: {
      method: method.kind,
      ...(method.kind === "central-differences" ? { reason: method.reason } : {}),
      error: derivativeError,
      disagreement: state.checks?.disagreement ?? null,
    },
    featureError: integration === null ? null : (integration.featureError ?? 0) + derivativeError,
    tolerance: state.tolerance,
    evaluations: integrand.evaluations,
    rounds: integration?.rounds ?? 0,
    seconds: state.seconds,
    notFinite: [...excluded].map((neuron) => neuronAt(nodes, neuron)),
    notes: notesOf(state, rest, size),
  };
}

/** ∫ of each atom, [neurons]. */
function valuesByAtom({ integrand, store }: NeuronsState, weights: ReadonlyMap<number, number>): Float64Array[] {
  const { atoms, map, neuronsPerCell } = integrand;
  const sums = Array.from({ length: atoms.count }, () => new Float64Array(map.neurons));
  for (const [alpha, weight] of weights) {
    const { cells, handles } = integrand.record(alpha);
    for (const [atom, sum] of sums.entries()) {
      const own =
        neuronsPerCell === 1
          ? cells.subarray(atom * map.neurons, (atom + 1) * map.neurons)
          : sumByNeuron(map, store.get(handles[atom] as number));
      for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + weight * (own[j] as number);
    }
  }
  for (const neuron of integrand.excluded) for (const sum of sums) sum[neuron] = 0;
  return sums;
}

function wholeOf(integrand: LayerIntegrand, weights: ReadonlyMap<number, number>): Float64Array {
  const sum = new Float64Array(integrand.map.neurons);
  for (const [alpha, weight] of weights) {
    const { whole } = integrand.record(alpha);
    for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + weight * (whole[j] as number);
  }
  return sum;
}

function combine(
  integrand: LayerIntegrand,
  weights: ReadonlyMap<number, number>,
  read: (record: ReturnType<LayerIntegrand["record"]>) => number,
): number {
  let sum = 0;
  for (const [alpha, weight] of weights) sum += weight * read(integrand.record(alpha));
  return sum;
}

/** Of each neuron. After the first point nothing is known of the error: then it is as large as the value. */
function errorsOfAtom({ integrand, integration }: NeuronsState, atom: number, values: Float64Array): Float64Array {
  const { map, neuronsPerCell, derivativeError } = integrand;
  if (integration === null) return values.map(Math.abs);
  const groups = Math.ceil(map.neurons / neuronsPerCell);
  const errors = new Float64Array(map.neurons);
  for (let group = 0; group < groups; group++) {
    const [from, end] = [group * neuronsPerCell, Math.min(map.neurons, (group + 1) * neuronsPerCell)];
    const error = integration.cellErrors[atom * groups + group] ?? 0;
    let size = 0;
    for (let j = from; j < end; j++) size += Math.abs(values[j] as number);
    for (let j = from; j < end; j++) {
      const value = Math.abs(values[j] as number);
      // Neurons that share a cell share its error by their size.
      const share = size > 0 ? value / size : 1 / (end - from);
      errors[j] = error * share + derivativeError * value;
    }
  }
  return errors;
}

function partitionOf(
  { integrand, checks }: NeuronsState,
  byAtom: readonly Float64Array[],
  conductance: Float64Array,
  size: number,
): Neurons["partition"] {
  const excluded = new Set(integrand.excluded);
  const compare = (parts: Float64Array, whole: Float64Array, scale: number): Neurons["partition"] => {
    let [off, furthest, neuron] = [0, 0, -1];
    for (let j = 0; j < whole.length; j++) {
      if (excluded.has(j)) continue;
      const gap = Math.abs((parts[j] as number) - (whole[j] as number));
      off += gap;
      if (gap > furthest) [furthest, neuron] = [gap, j];
    }
    return {
      residual: ratio(off, scale),
      worst: neuron < 0 ? null : { neuron, share: ratio(furthest, scale) },
    };
  };
  if (integrand.atoms.count > 1) return compare(addUp(byAtom, conductance.length), conductance, size);
  // One part is the whole by itself: two halves of it are held against it, at points of the path.
  const found = (checks?.halves ?? []).map(({ halves, whole }) =>
    compare(
      halves,
      whole,
      whole.reduce((all, value, j) => all + (excluded.has(j) ? 0 : Math.abs(value)), 0),
    ),
  );
  return found.reduce((worst, each) => (each.residual > worst.residual ? each : worst), { residual: 0, worst: null });
}

/** How the integration ended, where not within the tolerance. */
function statusNotes({ status, checks, integrand, tolerance, scores }: NeuronsState, size: number): string[] {
  const notes: string[] = [];
  if (status === "budget") {
    notes.push(
      `Stopped at the limit of ${integrand.evaluations} points of the path, before the tolerance of ${formatPercent(tolerance)} was met.`,
    );
  }
  if (status === "precision-floor") notes.push("More points will not help: this is the end of float32.");
  if (status === "suspect-gradient" && checks?.disagreement === null) {
    notes.push("The error does not shrink under refinement. A gradient may be wrong: do not trust these neurons.");
  }
  if (isNothing(scores.input - scores.baseline, size)) {
    notes.push("Sample and baseline score the same; what is conserved is given against the size of the conductances.");
  }
  return notes;
}

function notesOf(state: NeuronsState, rest: number, size: number): string[] {
  const { integrand, patches, nodes, checks } = state;
  const notes: string[] = [];
  const { atoms, method, derivativeError, neuronsPerCell, excluded } = integrand;
  const still = patches.filter((_, patch) => (atoms.ofPatch[patch] ?? []).length === 0);
  const [first] = still;
  if (first !== undefined) {
    const what = first.kind === "cell" ? `The cell ${first.name}` : `The patch ${first.name}`;
    const others = still.length > 1 ? ` (and ${still.length - 1} more)` : "";
    notes.push(`${what}${others} is the same as the baseline, so that nothing comes from it.`);
  }
  notes.push(...statusNotes(state, size));
  if (method.kind === "central-differences") {
    notes.push(`Derivatives are central differences, good to ${formatPercent(derivativeError)}: ${method.reason}`);
  }
  if (checks !== null && checks.disagreement !== null) {
    notes.push(
      `Derivatives and forward passes disagree by ${formatPercent(checks.disagreement)}: do not trust these neurons.`,
    );
  }
  if (excluded.length > 0) {
    const named = excluded.slice(0, 5).map((neuron) => {
      const { node, neuron: index } = neuronAt(nodes, neuron);
      return `${index} of ${node}`;
    });
    const more = excluded.length > named.length ? ` and ${excluded.length - named.length} more` : "";
    const left = Math.abs(rest) > 1e-6 * size ? " What passes them is missing from the sums." : "";
    notes.push(
      `Not finite somewhere on the path, and left out: ${excluded.length === 1 ? "neuron" : "neurons"} ${named.join(", ")}${more}.${left}`,
    );
  }
  if (neuronsPerCell > 1) {
    notes.push(`There are so many values that ${neuronsPerCell} neighbouring neurons share an error estimate.`);
  }
  return notes;
}

function masked(values: Float64Array, excluded: ReadonlySet<number>): Float32Array {
  return Float32Array.from(values, (value, j) => (excluded.has(j) ? Number.NaN : value));
}

function addUp(parts: readonly Float64Array[], length: number): Float64Array {
  const sum = new Float64Array(length);
  for (const part of parts) for (let j = 0; j < length; j++) sum[j] = (sum[j] as number) + (part[j] as number);
  return sum;
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** ΔF that is rounding against what flows through the layer. */
function isNothing(deltaF: number, size: number): boolean {
  return Math.abs(deltaF) <= 1e-4 * size || deltaF === 0;
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}
