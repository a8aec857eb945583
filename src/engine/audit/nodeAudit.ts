import { dispose, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel, NodeId, NodeSpec } from "../port.ts";
import { fetchesOf, type ScoreTarget, scoreOf } from "../scoreOf.ts";
import { type Agreement, type Comparison, relativeBar, relativeError } from "./comparison.ts";
import type { Moving, Probe, Question } from "./probe.ts";
import { type PathEnds, pointOf, valuesAt, type Way } from "./station.ts";

/** What was found of one operation. */
export interface NodeFinding {
  readonly id: NodeId;
  readonly op: string;
  readonly layer: string | null;
  readonly agreement: Agreement;
  /** How far its gradient is off, relative, and what rounding and bends allow. The worst place that could be judged. */
  readonly error: number;
  readonly floor: number;
  /** Where on the path that was. */
  readonly alpha: number;
}

/** What a node audit works with; everything stays the caller's. */
interface NodeAuditOptions {
  readonly model: DifferentiableModel;
  readonly explained: readonly PathEnds[];
  readonly heldFeeds: ReadonlyMap<NodeId, Tensor>;
  readonly target: ScoreTarget;
  readonly probe: Probe;
  readonly random: () => number;
  readonly signal: AbortSignal | undefined;
}

interface Station {
  readonly alpha: number;
  readonly way: Way;
}

type Outcome = (Comparison & { readonly alpha: number }) | "unmoved" | "refused";

/** Values of nodes that are kept at a time, a row: three rows of 32 MB. */
const MOST_VALUES = 2 ** 23;

/** In how many directions the score is asked around an operation that is wrong. */
const DIRECTIONS = 4;

/** The link function or the expression over the fetched nodes, which is no node of the model. */
const LINK = "(score)";

/** Compares the backward pass of single operations with forward passes, each operation by itself. */
export class NodeAudit {
  /** Once exactly on the path, once by the input along random directions. */
  static readonly stations: readonly Station[] = [
    { alpha: 0.6, way: "path" },
    { alpha: 0.98, way: "random" },
  ];
  /** Rows that were evaluated to know the values of nodes. */
  passes = 0;
  readonly #options: NodeAuditOptions;
  readonly #specs: ReadonlyMap<NodeId, NodeSpec>;

  constructor(options: NodeAuditOptions) {
    this.#options = options;
    this.#specs = new Map(options.model.nodes.map((spec) => [spec.id, spec]));
  }

  /** Findings in the order of `nodes`, the link function before them. Nodes that could not be asked are counted. */
  async run(
    nodes: readonly NodeSpec[],
    onNode: (what: string) => void,
  ): Promise<{ findings: NodeFinding[]; skipped: { unmoved: number; refused: number } }> {
    const outcomes = new Map<NodeId, Outcome[]>();
    for (const station of NodeAudit.stations) {
      const point = this.#point(station);
      for (const chunk of this.#chunks([this.#link, ...nodes])) {
        const values = await this.#values(point, chunk);
        for (const spec of chunk) {
          const outcome = await this.#ask(spec, station, point, values);
          outcomes.set(spec.id, [...(outcomes.get(spec.id) ?? []), outcome]);
          onNode(spec.layer ?? spec.id);
        }
      }
    }
    const findings: NodeFinding[] = [];
    const skipped = { unmoved: 0, refused: 0 };
    for (const spec of [this.#link, ...nodes]) {
      const found = outcomes.get(spec.id) ?? [];
      const judged = found.filter((outcome) => typeof outcome !== "string");
      const finding = worst(judged);
      if (finding !== undefined) findings.push(findingOf(spec, finding));
      else if (spec.id !== LINK) skipped[found.includes("refused") ? "refused" : "unmoved"]++;
    }
    return { findings, skipped };
  }

  /** One operation at each of these places of the path. */
  async profile(id: NodeId, alphas: readonly number[]): Promise<(Comparison & { alpha: number })[]> {
    const spec = this.#spec(id);
    const found: (Comparison & { alpha: number })[] = [];
    for (const alpha of alphas) {
      const station: Station = { alpha, way: "path" };
      const point = this.#point(station);
      const outcome = await this.#ask(spec, station, point, await this.#values(point, [spec]));
      if (typeof outcome !== "string") found.push(outcome);
    }
    return found;
  }

  /** The score as a function of what an operation puts out, and of what it reads, everything else held. */
  async scoreAround({ id, alpha }: NodeFinding): Promise<{ below: Comparison | null; above: Comparison | null }> {
    if (id === LINK) return { below: null, above: null };
    const { model, target, explained } = this.#options;
    const spec = this.#spec(id);
    const point = pointOf(explained, alpha, "path", this.#options.random);
    const fed = [...new Set([...this.#moving(spec), spec.id])];
    const values = await valuesAt(model, point, this.#options.heldFeeds, fed, this.#options.signal);
    const output = (feeds: ReadonlyMap<NodeId, Tensor>): Tensor => scoreOf(model, feeds, target);
    const ask = async (ids: readonly NodeId[]): Promise<Comparison | null> => {
      const moving = ids.map((each) => values.get(each)).filter((each) => each !== null && each !== undefined);
      if (moving.length === 0) return null;
      let clearest: Comparison | null = null;
      // In one direction the parts of an error may cancel.
      for (let turn = 0; turn < DIRECTIONS; turn++) {
        const turned = turn === 0 ? moving : moving.map((each) => this.#turned(each));
        const question = { moving: turned, output };
        const found = await this.#withPoint(point, (held) =>
          this.#tolerant(() => this.#compare({ ...question, held })),
        );
        if (found === null) return null;
        if (clearest === null || clearness(found) > clearness(clearest)) clearest = found;
      }
      return clearest;
    };
    return { below: await ask([spec.id]), above: await ask(this.#moving(spec)) };
  }

  /** Each value moves as far, in the one direction or the other at random; what stands still goes on doing so. */
  #turned(moving: Moving): Moving {
    const { random } = this.#options;
    return { ...moving, direction: moving.direction.map((each) => (random() < 0.5 ? -each : each)) };
  }

  get #link(): NodeSpec {
    const { target } = this.#options;
    const op = "term" in target ? "expression" : target.link;
    return { id: LINK, op, shape: [null], dtype: "float32", inputs: fetchesOf(target) };
  }

  #spec(id: NodeId): NodeSpec {
    const spec = id === LINK ? this.#link : this.#specs.get(id);
    if (spec === undefined) throw new PathlightError("internal", `The audit does not know the node ${id}.`);
    return spec;
  }

  #point({ alpha, way }: Station): Moving[] {
    return pointOf(this.#options.explained, alpha, way, this.#options.random);
  }

  /** Inputs of an operation that a gradient flows to. */
  #moving({ inputs = [] }: NodeSpec): NodeId[] {
    const explained = new Set(this.#options.explained.map(({ node }) => node));
    return [...new Set(inputs)].filter((id) => explained.has(id) || this.#specs.get(id)?.dtype === "float32");
  }

  async #values(point: readonly Moving[], chunk: readonly NodeSpec[]): Promise<Map<NodeId, Moving | null>> {
    const { model, heldFeeds, signal } = this.#options;
    const wanted = [...new Set(chunk.flatMap((spec) => this.#moving(spec)))];
    this.passes += 3;
    return valuesAt(model, point, heldFeeds, wanted, signal);
  }

  /** Nodes whose inputs fit into memory together. */
  *#chunks(nodes: readonly NodeSpec[]): Generator<NodeSpec[]> {
    let chunk: NodeSpec[] = [];
    let size = 0;
    for (const spec of nodes) {
      const here = this.#moving(spec).reduce((sum, id) => sum + sizeOf(this.#specs.get(id)), 0);
      if (chunk.length > 0 && size + here > MOST_VALUES) {
        yield chunk;
        chunk = [];
        size = 0;
      }
      chunk.push(spec);
      size += here;
    }
    if (chunk.length > 0) yield chunk;
  }

  async #ask(
    spec: NodeSpec,
    { alpha }: Station,
    point: readonly Moving[],
    values: ReadonlyMap<NodeId, Moving | null>,
  ): Promise<Outcome> {
    const { model, target, signal } = this.#options;
    throwIfCancelled(signal);
    const ids = this.#moving(spec);
    const moving = ids.map((id) => values.get(id)).filter((each) => each !== null && each !== undefined);
    if (moving.length === 0) return "unmoved";
    const output =
      spec.id === LINK
        ? (feeds: ReadonlyMap<NodeId, Tensor>): Tensor => scoreOf(model, feeds, target)
        : (feeds: ReadonlyMap<NodeId, Tensor>): Tensor => model.evaluate(feeds, [spec.id])[0] as Tensor;
    const alone: Question = { moving, held: new Map(), output };
    // Where something else is read too, the model's own inputs give it.
    const complete = moving.length === (spec.inputs ?? []).length;
    const found =
      (complete ? await this.#tolerant(() => this.#confirmed(alone)) : null) ??
      (await this.#withPoint(point, (held) => this.#tolerant(() => this.#confirmed({ ...alone, held }))));
    return found === null ? "refused" : { ...found, alpha };
  }

  /** A difference is a finding when it comes back twice, weighed differently. */
  async #confirmed(question: Question): Promise<Comparison> {
    let found = await this.#compare(question);
    for (let again = 0; again < 2 && found.agreement === "differs"; again++) {
      const next = await this.#compare(question);
      if (next.agreement !== "differs") return next;
      if (relativeError(next) > relativeError(found)) found = next;
    }
    return found;
  }

  #compare(question: Question): Promise<Comparison> {
    return this.#options.probe.compare(question);
  }

  /** Null where the model refuses: an operation without a gradient, a node that cannot be fed by itself. */
  async #tolerant(ask: () => Promise<Comparison>): Promise<Comparison | null> {
    try {
      return await ask();
    } catch (error) {
      const refused = ["model-not-differentiable", "model-unsupported-shape", "model-node-unknown"];
      if (error instanceof PathlightError && refused.includes(error.code)) return null;
      throw error;
    }
  }

  /** Hands the model's own inputs at a point as held feeds, and disposes them. */
  async #withPoint<T>(point: readonly Moving[], use: (held: Map<NodeId, Tensor>) => Promise<T>): Promise<T> {
    const own = point.map(({ node, shape, value }) => [node, tensor(value, [1, ...shape], "float32")] as const);
    try {
      return await use(new Map([...this.#options.heldFeeds, ...own]));
    } finally {
      dispose(own.map(([, value]) => value));
    }
  }
}

function sizeOf(spec: NodeSpec | undefined): number {
  return (spec?.shape ?? []).slice(1).reduce<number>((product, side) => product * (side ?? 1), 1);
}

const order: readonly Agreement[] = ["differs", "agrees", "kink", "noise"];

/** A difference before anything else; among those that agree, the one that is furthest apart. */
function worst<T extends Comparison>(found: readonly T[]): T | undefined {
  return [...found].sort(
    (left, right) =>
      order.indexOf(left.agreement) - order.indexOf(right.agreement) || relativeError(right) - relativeError(left),
  )[0];
}

/** How far a comparison is beyond its error bar, which no kink or noise may blur. */
function clearness(found: Comparison): number {
  const settled = found.agreement === "agrees" || found.agreement === "differs";
  return settled ? Math.max(0, relativeError(found) - relativeBar(found)) : -1;
}

function findingOf({ id, op, layer }: NodeSpec, found: Comparison & { readonly alpha: number }): NodeFinding {
  return {
    id,
    op,
    layer: layer ?? null,
    agreement: found.agreement,
    error: relativeError(found),
    floor: relativeBar(found),
    alpha: found.alpha,
  };
}
