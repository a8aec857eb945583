import type { DifferentiableModel, NodeId, NodeSpec } from "../port.ts";

/** A node between the explained inputs and the score. */
export interface FlowNode {
  readonly spec: NodeSpec;
  /** Whether everything that moves the score passes it. */
  readonly isCut: boolean;
}

/** What comparisons put out carries no change either, whatever type a format writes down for it. */
const comparisons: ReadonlySet<string> = new Set([
  ...["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual", "GreaterOrEqual", "LessOrEqual"],
  ...["Any", "All", "LogicalAnd", "LogicalOr", "LogicalNot", "LogicalXor", "And", "Or", "Not", "Xor"],
  ...["IsNan", "IsNaN", "IsInf", "IsFinite", "ArgMax", "ArgMin", "Argmax", "Argmin", "Shape", "Size", "NonZero"],
]);

/**
 * The nodes that a change of the explained inputs passes on its way to the score, in topological order, and the cuts
 * among them. In that order everything passes a node exactly when no edge reaches across its place. Edges through
 * integers and booleans carry no change that a gradient could see, and do not count.
 */
export class LayerFlow {
  readonly nodes: readonly FlowNode[];
  /** False where the format does not say what nodes are computed from: then `nodes` is empty. */
  readonly known: boolean;
  readonly #specs: ReadonlyMap<NodeId, NodeSpec>;
  readonly #place = new Map<NodeId, number>();
  /** Place of the last node that reads each one; the score is behind all. */
  readonly #lastReader = new Map<NodeId, number>();
  readonly #order: readonly NodeSpec[];

  constructor(model: DifferentiableModel, explained: readonly NodeId[], fetches: readonly NodeId[]) {
    this.#specs = new Map(model.nodes.map((spec) => [spec.id, spec]));
    const sources = new Set(explained.map((id) => this.resolve(id)));
    const ends = fetches.map((id) => this.resolve(id));
    const needed = this.#ancestors(ends, sources);
    const moved = new Set<NodeId>(sources);
    const order: NodeSpec[] = [];
    for (const spec of model.nodes) {
      if (this.resolve(spec.id) !== spec.id) continue;
      const isSource = sources.has(spec.id) && needed.has(spec.id);
      const carries = spec.dtype === "float32" && !comparisons.has(spec.op);
      const moves = needed.has(spec.id) && carries && this.#reads(spec).some((id) => moved.has(id));
      if (!isSource && !moves) continue;
      moved.add(spec.id);
      this.#place.set(spec.id, order.push(spec) - 1);
    }
    this.#order = order;
    for (const [place, spec] of order.entries()) {
      if (sources.has(spec.id)) continue;
      for (const id of this.#reads(spec)) if (this.#place.has(id)) this.#lastReader.set(id, place);
    }
    for (const id of ends) if (this.#place.has(id)) this.#lastReader.set(id, order.length);
    this.known = ends.some((id) => this.#place.has(id));
    const crossed = this.#crossings(sources);
    this.nodes = order.map((spec, place) => ({ spec, isCut: crossed[place] === 0 }));
  }

  /** The node that another name stands for. */
  resolve(id: NodeId): NodeId {
    const spec = this.#specs.get(id);
    const [only, ...others] = spec?.inputs ?? [];
    return spec?.op === "Model" && only !== undefined && others.length === 0 ? this.resolve(only) : id;
  }

  /**
   * Nodes that form a cut together with a node, itself among them: all at or before its place that are read behind it,
   * and explained inputs behind it. Empty where the node is not on the way to the score.
   */
  cutWith(id: NodeId): NodeId[] {
    const place = this.#place.get(this.resolve(id));
    if (place === undefined) return [];
    return this.#order.flatMap((spec, at) => {
      const isRead = (this.#lastReader.get(spec.id) ?? -1) > place;
      return (at <= place && isRead) || (at > place && this.#isSource(spec.id)) ? [spec.id] : [];
    });
  }

  #isSource(id: NodeId): boolean {
    const spec = this.#specs.get(id);
    return spec !== undefined && !this.#reads(spec).some((input) => this.#place.has(input));
  }

  #reads(spec: NodeSpec): NodeId[] {
    return (spec.inputs ?? []).map((id) => this.resolve(id));
  }

  #ancestors(ends: readonly NodeId[], sources: ReadonlySet<NodeId>): Set<NodeId> {
    const needed = new Set<NodeId>();
    const pending = [...ends];
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (needed.has(id)) continue;
      needed.add(id);
      const spec = this.#specs.get(id);
      // What is explained is fed, not computed.
      if (spec !== undefined && !sources.has(id)) pending.push(...this.#reads(spec));
    }
    return needed;
  }

  /** How many edges reach across each place. A source further back is an edge from before everything. */
  #crossings(sources: ReadonlySet<NodeId>): number[] {
    const change = new Int32Array(this.#order.length + 1);
    const cross = (from: number, to: number): void => {
      // Across all places strictly between.
      if (to - from < 2) return;
      change[from + 1] = (change[from + 1] as number) + 1;
      change[to] = (change[to] as number) - 1;
    };
    for (const [place, spec] of this.#order.entries()) {
      if (sources.has(spec.id)) cross(-1, place);
      cross(place, this.#lastReader.get(spec.id) ?? place);
    }
    let open = 0;
    return Array.from(change.subarray(0, this.#order.length), (step) => {
      open += step;
      return open;
    });
  }
}
