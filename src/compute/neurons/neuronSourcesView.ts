import { type Grain, sumByCell } from "../../engine/grain.ts";
import type { Integration } from "../../engine/integration.ts";
import { atomsOf } from "../../engine/neurons/atoms.ts";
import { formatPercent } from "../../protocol/format.ts";
import type { NeuronSources, NeuronSourcesParams } from "../../protocol/neurons.ts";
import type { Status } from "../../protocol/status.ts";
import type { ExplainedInput } from "../runPlan.ts";
import { type PlacedPatch, placePatches } from "./regions.ts";

/** The parts of the sample that a neuron is looked at through. */
export interface SourceParts {
  readonly patches: readonly PlacedPatch[];
  /** Atoms of each patch. */
  readonly ofPatch: readonly (readonly number[])[];
  /** A cell an atom, the first of all; the last holds what does not move and what flows past the neuron. */
  readonly grain: Grain;
}

/** Throws `usage` for a patch that cannot be had. */
export function sourceParts(
  explained: readonly ExplainedInput[],
  { patches: named, grid }: Pick<NeuronSourcesParams, "patches" | "grid">,
): SourceParts {
  const patches = placePatches(explained, named, grid);
  const moves = explained.flatMap(({ x, baseline }) => Array.from(x, (value, i) => value !== baseline[i]));
  const features = patches.map((patch) => patch.features);
  const { atomOf, count, ofPatch } = atomsOf(features, (feature) => moves[feature] === true, moves.length);
  // One value more: see the engine's `NeuronSources`.
  const cellOf = Uint32Array.from({ length: moves.length + 1 }, (_, feature) => {
    const atom = atomOf[feature] ?? -1;
    return atom < 0 ? count : atom;
  });
  return { patches, ofPatch, grain: { cellCount: count + 1, cellOf } };
}

/**
 * On the share that a neuron has in the estimated error of all that flows: over a few parts it is rougher than over all.
 * On the reference digits it fell short, by up to 2.9 times, in 10 of 48 neurons.
 */
const SAFETY = 2;

/** Estimated error of what the parts give to the neuron, relative to it, or to a thousandth of ΔF where that is more. */
export function ownError({ cells, cellErrors, deltaF }: Integration, { grain }: SourceParts): number {
  const atoms = grain.cellCount - 1;
  const l1 = (values: Float64Array): number => values.subarray(0, atoms).reduce((sum, each) => sum + Math.abs(each), 0);
  const size = Math.max(l1(cells), 1e-3 * Math.abs(deltaF));
  return size === 0 ? 0 : (SAFETY * l1(cellErrors)) / size;
}

interface SourcesView {
  readonly params: NeuronSourcesParams;
  readonly parts: SourceParts;
  readonly status: Status;
  readonly tolerance: number;
  readonly seconds: number;
  readonly deltaF: number;
  readonly disagreement: number | null;
}

/** `known`: g at the middle of the path, which stands for all of it at first, with an error as large as itself. */
export function neuronSourcesView(view: SourcesView, known: Integration | Float32Array): NeuronSources {
  const { params, parts, status, tolerance, seconds, deltaF, disagreement } = view;
  const { patches, ofPatch, grain } = parts;
  const integration = known instanceof Float32Array ? null : known;
  const cells = known instanceof Float32Array ? sumByCell(grain, known) : known.cells;
  const errors = integration?.cellErrors.map((error) => SAFETY * error) ?? cells.map((value) => Math.abs(value));
  const add = (values: Float64Array, atoms: readonly number[]): number =>
    atoms.reduce((sum, atom) => sum + (values[atom] ?? Number.NaN), 0);
  return {
    ...{ runId: params.runId, layer: [...params.layer], node: params.node, neuron: params.neuron, grid: params.grid },
    ...{ status, deltaF, tolerance, seconds, disagreement },
    patches: patches.map(({ name, kind, region }) => ({ name, kind, region })),
    values: Float32Array.from(ofPatch, (atoms) => add(cells, atoms)),
    errors: Float32Array.from(ofPatch, (atoms) => add(errors, atoms)),
    sum: cells.subarray(0, -1).reduce((sum, value) => sum + value, 0),
    featureError: integration === null ? null : ownError(integration, parts),
    completeness: integration?.completenessError.relative ?? null,
    evaluations: integration?.evaluations ?? 1,
    rounds: integration?.rounds ?? 0,
    notes: notesOf(view, integration),
  };
}

function notesOf({ status, tolerance, disagreement }: SourcesView, integration: Integration | null): string[] {
  const notes: string[] = [];
  if (status === "budget") {
    notes.push(
      `Stopped at the limit of ${integration?.evaluations ?? 0} points of the path, before the tolerance of ${formatPercent(tolerance)} was met.`,
    );
  }
  if (status === "precision-floor") notes.push("More points will not help: this is the end of float32.");
  if (disagreement !== null) {
    notes.push(
      `The derivatives in the two directions disagree by ${formatPercent(disagreement)}: do not trust these parts.`,
    );
  } else if (status === "suspect-gradient") {
    notes.push("The error does not shrink under refinement. A gradient may be wrong: do not trust these parts.");
  }
  return notes;
}
