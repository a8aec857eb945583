import type { Tensor } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import { integrate } from "../../engine/integrate.ts";
import type { Integration } from "../../engine/integration.ts";
import type { DifferentiableModel, NodeId } from "../../engine/port.ts";
import { VectorPath, type VectorPathEnds } from "../../engine/vectorPath.ts";
import type { Status, Token } from "../../protocol/explanation.ts";
import { formatPercent } from "../../protocol/format.ts";
import type { TokenMatrix } from "../../protocol/tokenMatrix.ts";
import { withFeeds } from "../feeds.ts";
import type { RunPlan } from "../runPlan.ts";
import { sideOf } from "../twin/twinModel.ts";
import { type Tower, towersOf } from "./towers.ts";

export interface TokenPairsOptions {
  readonly tolerance: number;
  readonly maxEvaluations: number;
  readonly signal?: AbortSignal | undefined;
  /** Points of the two paths that have been evaluated. Must not throw. */
  readonly onProgress?: ((evaluations: number) => void) | undefined;
}

/** Where the slopes are held against differences. */
const CHECKED = [0.5, 1] as const;

/** On the estimated error of the matrix: the error of a product is that of both its sides. */
const SAFETY = 2;

/** A vector along the path of its text: U, [groups × width], e at both ends, and how the integral ended. */
interface Vectors {
  readonly path: VectorPath;
  readonly parts: readonly Float64Array[];
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Σ|Σ_i u_i − (e(x) − e(x'))| / Σ|e(x) − e(x')|, over the components. */
  readonly componentError: number;
  readonly status: Integration["status"];
  /** By how much slopes and differences disagree where they do. */
  readonly disagreement: number | null;
}

/**
 * What each token of one text says to each token of another, for a score F = ⟨e_a(x_a), e_b(x_b)⟩ (a dot product, or a
 * cosine of normalised vectors).
 *
 * With the integrated Jacobians u_i = ∫ ∂e_a/∂x_a · (x_a − x'_a)_i dt along the path of the one text, and v_j along that
 * of the other, A_ij = u_i · v_j (L. Moeller, D. Nikolaev, S. Padó, "An Attribution Method for Siamese Encoders", EMNLP
 * 2023). By completeness Σ_i u_i = e_a(x_a) − e_a(x'_a) =: Δa, component by component, and likewise Δb, so that
 *
 *   Σ_ij A_ij = Δa · Δb = F(x_a, x_b) − F(x'_a, x_b) − F(x_a, x'_b) + F(x'_a, x'_b).
 *
 * The matrix explains this interaction: what the two texts say together beyond what each says against the baseline of the
 * other. The rest is not dropped. F is bilinear in the vectors, so each token has besides a part by itself,
 * u_i · e_b(x'_b) and e_a(x'_a) · v_j (`alone`), and all of them add up to F(x_a, x_b) − F(x'_a, x'_b) exactly. These are
 * not the attributions of the joint path, on which both texts move at once; both add up to the same change.
 *
 * The vectors are integrated by the adaptive rule over all their components (its certificate: per component and group, and
 * the sum), then the matrix itself along either path with the other side fixed, which costs few new points and gives each
 * cell its error. Throws what `towersOf` and `VectorPath.create` throw.
 */
export async function tokenPairs(
  plan: RunPlan,
  model: DifferentiableModel,
  options: TokenPairsOptions,
): Promise<TokenMatrix> {
  if (plan.windows !== undefined) throw inWindows();
  const [a, b] = await towersOf(plan, model);
  return withFeeds(a.held, (heldA) =>
    withFeeds(b.held, async (heldB) => {
      let done = 0;
      const onEvaluated = (): void => options.onProgress?.(++done);
      const left = await vectorsOf(a, heldA, options, onEvaluated);
      const right = await vectorsOf(b, heldB, options, onEvaluated);
      const rows = await matrixAlong(left.path, right.parts, options);
      const columns = await matrixAlong(right.path, left.parts, options);
      return presented({ a, b, left, right, rows, columns }, options.tolerance);
    }),
  );
}

async function vectorsOf(
  { explained, output }: Tower,
  heldFeeds: ReadonlyMap<NodeId, Tensor>,
  { tolerance, maxEvaluations, signal }: TokenPairsOptions,
  onEvaluated: () => void,
): Promise<Vectors> {
  const count = tokensOf(explained).length;
  const ends = explained.map(({ node, shape, x, baseline }): VectorPathEnds => {
    const dimensions = x.length / count;
    return { node, shape, x, baseline, groupOf: Uint32Array.from(x, (_, i) => Math.floor(i / dimensions)) };
  });
  const path = await VectorPath.create({ ends, groupCount: count, output, heldFeeds, signal, onEvaluated });
  const start = Float64Array.from((await path.at(0)).value);
  const end = Float64Array.from((await path.at(1)).value);
  const change = end.map((value, k) => value - (start[k] as number));
  const size = change.reduce((sum, each) => sum + Math.abs(each), 0);
  let found: Integration | undefined;
  let componentError = 0;
  // Tightened until the components add up by themselves too: the sum of all may hide what cancels between them.
  for (let goal = tolerance; found === undefined || goal > tolerance / 30; goal /= 4) {
    found = await integrate(path.flattened(change), {
      rule: "adaptive",
      tolerance: goal,
      maxEvaluations: Math.max(3, maxEvaluations),
      previous: found,
      signal,
      batchSize: 4,
    });
    componentError = componentErrorOf(found.attributions, change, path.width, size);
    if (componentError <= tolerance || found.status !== "converged") break;
  }
  let disagreement: number | null = null;
  for (const alpha of CHECKED) disagreement ??= await path.disagreement(alpha);
  const parts = path.groups.map((_, group) =>
    Float64Array.from(change, (each, k) => (each < 0 ? -1 : 1) * (found?.attributions[group * path.width + k] ?? 0)),
  );
  return { path, parts, start, end, componentError, status: found.status, disagreement };
}

function componentErrorOf(signed: Float64Array, change: Float64Array, width: number, size: number): number {
  const sums = new Float64Array(width);
  for (const [i, value] of signed.entries()) sums[i % width] = (sums[i % width] as number) + value;
  const off = sums.reduce((sum, value, k) => sum + Math.abs(value - Math.abs(change[k] as number)), 0);
  return size === 0 ? off : off / size;
}

/** A along one path with the parts of the other fixed, [groups × targets]. */
function matrixAlong(
  path: VectorPath,
  targets: readonly Float64Array[],
  { tolerance, maxEvaluations, signal }: TokenPairsOptions,
): Promise<Integration> {
  return integrate(path.projected(targets), {
    rule: "adaptive",
    tolerance,
    maxEvaluations: Math.max(3, maxEvaluations),
    safety: SAFETY,
    signal,
    batchSize: 4,
  });
}

interface Found {
  readonly a: Tower;
  readonly b: Tower;
  readonly left: Vectors;
  readonly right: Vectors;
  /** [rows × columns] along the path of the first text, [columns × rows] along that of the second. */
  readonly rows: Integration;
  readonly columns: Integration;
}

function presented({ a, b, left, right, rows, columns }: Found, tolerance: number): TokenMatrix {
  const [rowTokens, columnTokens] = [readTokens(a, left), readTokens(b, right)];
  const width = columnTokens.length;
  const slopeError = left.path.slopeError + right.path.slopeError;
  const values = new Float32Array(rowTokens.length * width);
  const errors = new Float32Array(values.length);
  for (const [row, { group: i }] of rowTokens.entries()) {
    for (const [column, { group: j }] of columnTokens.entries()) {
      if (i < 0 || j < 0) continue;
      const [across, down] = [i * right.parts.length + j, j * left.parts.length + i];
      values[row * width + column] = rows.attributions[across] ?? 0;
      const slopes = slopeError * Math.abs(rows.attributions[across] ?? 0);
      errors[row * width + column] = (rows.cellErrors[across] ?? 0) + (columns.cellErrors[down] ?? 0) + slopes;
    }
  }
  const change = (vectors: Vectors) => vectors.end.map((value, k) => value - (vectors.start[k] as number));
  const deltaF = dot(change(left), change(right));
  const sum = rows.attributions.reduce((total, value) => total + value, 0);
  const size = rows.attributions.reduce((total, value) => total + Math.abs(value), 0);
  const absolute = Math.abs(sum - deltaF);
  // What does not add up is an error of the cells, whatever their estimates say.
  const stated = errors.reduce((total, each) => total + each, 0);
  if (stated > 0 && stated < absolute)
    for (let i = 0; i < errors.length; i++) errors[i] = ((errors[i] as number) * absolute) / stated;
  const featureError =
    size === 0 ? 0 : errors.reduce((total, each) => total + each, 0) / Math.max(size, Math.abs(deltaF));
  const aloneOf = (tokens: readonly ReadToken[], { parts }: Vectors, other: Float64Array) =>
    Float32Array.from(tokens, ({ group }) => dot(parts[group] ?? [], other));
  const [aloneRows, aloneColumns] = [aloneOf(rowTokens, left, right.start), aloneOf(columnTokens, right, left.start)];
  const evaluations = left.path.evaluations + right.path.evaluations;
  return {
    kind: "pairs",
    axes: { rows: `token of ${nameOf(a)}`, columns: `token of ${nameOf(b)}`, value: "interaction" },
    rowText: textOf(a),
    columnText: textOf(b),
    rows: rowTokens.map(({ token }) => token),
    columns: columnTokens.map(({ token }) => token),
    parts: [],
    values,
    cellErrors: errors,
    rowFigures: rowTokens.map(() => null),
    reads: [],
    total: {
      score: dot(left.end, right.end),
      deltaF,
      sum,
      completenessError: { absolute, relative: Math.abs(deltaF) <= 1e-6 * size ? null : absolute / Math.abs(deltaF) },
      featureError,
      status: worstOf([left.status, right.status, rows.status, columns.status], [left, right]),
      evaluations,
    },
    alone: {
      rows: aloneRows,
      columns: aloneColumns,
      deltaF: dot(left.end, right.end) - dot(left.start, right.start),
      componentError: Math.max(left.componentError, right.componentError),
      notes: [...notesOf(nameOf(a), left, tolerance), ...notesOf(nameOf(b), right, tolerance)],
    },
  };
}

interface ReadToken {
  readonly token: Token;
  /** Among those that move; -1: the token stays as it is along the path. */
  readonly group: number;
}

/** Tokens that the model reads; padding only where it says anything. */
function readTokens({ explained }: Tower, { path, parts }: Vectors): ReadToken[] {
  const groups = new Map(path.groups.map((position, group) => [position, group]));
  return tokensOf(explained).flatMap((token, position) => {
    const group = groups.get(position) ?? -1;
    const isSilent = group < 0 || parts[group]?.every((value) => value === 0) === true;
    return isSilent && token.special === "pad" ? [] : [{ token, group }];
  });
}

function tokensOf(explained: Tower["explained"]): readonly Token[] {
  const prepared = explained[0]?.prepared;
  return prepared?.kind === "text" ? prepared.encoded.tokens : [];
}

function textOf({ explained }: Tower): string {
  const prepared = explained[0]?.prepared;
  return prepared?.kind === "text" ? prepared.text : "";
}

function nameOf({ explained }: Tower): string {
  const input = explained[0]?.input ?? "";
  return sideOf(input) ?? input;
}

function notesOf(name: string, { path, disagreement, componentError }: Vectors, tolerance: number): string[] {
  const notes: string[] = [];
  if (path.way !== "vjp" && path.way.kind === "central-differences") {
    notes.push(
      `Derivatives of ${name} are central differences, good to ${formatPercent(path.slopeError)}: ${path.way.reason}`,
    );
  }
  if (disagreement !== null) {
    notes.push(
      `The derivatives of ${name} and forward passes disagree by ${formatPercent(disagreement)}: do not trust the pairs.`,
    );
  }
  if (componentError > tolerance) {
    notes.push(`The components of the vector of ${name} add up to within ${formatPercent(componentError)} only.`);
  }
  return notes;
}

function worstOf(statuses: readonly Integration["status"][], vectors: readonly Vectors[]): Status {
  if (vectors.some(({ disagreement }) => disagreement !== null)) return "suspect-gradient";
  const order: readonly Integration["status"][] = ["suspect-gradient", "precision-floor", "budget"];
  return order.find((status) => statuses.includes(status)) ?? "converged";
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

function inWindows(): PathlightError {
  return new PathlightError("usage", "Token pairs are not computed of a text that is read in windows.", {
    expected: "two texts that the model takes",
    found: "one that is longer",
    whatToDo: "Shorten it, or read it cut.",
  });
}
