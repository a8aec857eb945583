import { loadGraphModelSync } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import type { GraphDefNode } from "../graphTopology.ts";
import { dataInputs, outputId, parseReference } from "../graphTopology.ts";
import { isDynamic } from "../refuseUnknownOps.ts";

/** Read no value of their input, only its size. */
const shapeOps: ReadonlySet<string> = new Set(["Shape", "Size", "Rank"]);
const randomOps = /^(Random|Multinomial|TruncatedNormal|ParameterizedTruncatedNormal|StatelessRandom)/;
const types: Readonly<Record<string, string>> = { float32: "DT_FLOAT", int32: "DT_INT32", bool: "DT_BOOL" };

/** What a value hangs on. */
interface Cone {
  readonly nodes: Map<string, GraphDefNode>;
  /** Values that are known already, by the name that the cone gives them. */
  readonly feeds: Map<string, tf.Tensor>;
  /** Inputs of the model of which only the shape is read. */
  readonly shapes: Set<string>;
}

/** Values of a graph that no input changes: of constants, and of the sizes of what does not hang on the batch's. */
export class ConstantValues {
  readonly #nodes: ReadonlyMap<string, GraphDefNode>;
  readonly #weights: ReadonlyMap<string, tf.Tensor>;
  readonly #known = new Map<string, tf.Tensor>();

  /** `nodes` may grow meanwhile. The weights stay the caller's. */
  constructor(nodes: ReadonlyMap<string, GraphDefNode>, weights: ReadonlyMap<string, tf.Tensor>) {
    this.#nodes = nodes;
    this.#weights = weights;
  }

  /** The number behind a reference to a tensor of one number or truth value; undefined where an input decides. */
  number(reference: string): number | undefined {
    const value = this.#value(reference);
    return value?.size === 1 ? Number(value.dataSync()[0]) : undefined;
  }

  dispose(): void {
    tf.dispose([...this.#known.values()]);
    this.#known.clear();
  }

  #value(reference: string): tf.Tensor | undefined {
    const id = outputId(parseReference(reference));
    const known = this.#known.get(id) ?? this.#weights.get(id);
    if (known !== undefined) return known;
    const cone = this.#cone(id);
    if (cone === undefined) return undefined;
    const [one, two] =
      cone.shapes.size === 0 ? [this.#compute(cone, id, 1)] : [1, 2].map((n) => this.#compute(cone, id, n));
    if (one === undefined || (cone.shapes.size > 0 && (two === undefined || !isSame(one, two)))) {
      tf.dispose([one, two].filter((each) => each !== undefined));
      return undefined;
    }
    two?.dispose();
    this.#known.set(id, one);
    return one;
  }

  #cone(id: string): Cone | undefined {
    const cone: Cone = { nodes: new Map(), feeds: new Map(), shapes: new Set() };
    const seen = new Set<string>();
    const pending = [{ id, shapeOnly: false }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { node: name } = parseReference(next.id);
      const known = this.#weights.get(name) ?? this.#known.get(name);
      const key = `${name} ${next.shapeOnly}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (known !== undefined) {
        if (types[known.dtype] === undefined) return undefined;
        cone.feeds.set(name, known);
        continue;
      }
      const node = this.#nodes.get(name);
      if (node === undefined || isDynamic(node) || randomOps.test(node.op)) return undefined;
      if (node.op === "Placeholder") {
        if (!next.shapeOnly) return undefined;
        cone.shapes.add(name);
        continue;
      }
      // What an optional input is where it is not given.
      cone.nodes.set(name, node.op === "PlaceholderWithDefault" ? { ...node, op: "Identity", attr: {} } : node);
      const shapeOnly = next.shapeOnly || shapeOps.has(node.op);
      for (const input of dataInputs(node)) pending.push({ id: input, shapeOnly });
    }
    return cone;
  }

  #compute(cone: Cone, id: string, batch: number): tf.Tensor | undefined {
    const feeds = new Map(cone.feeds);
    const zeros: tf.Tensor[] = [];
    for (const name of cone.shapes) {
      const sizes = placeholderShape(this.#nodes.get(name));
      if (sizes === undefined || sizes.slice(1).some((size) => size < 0)) return undefined;
      const zero = tf.zeros(sizes.map((size, axis) => (size < 0 && axis === 0 ? batch : size)));
      zeros.push(zero);
      feeds.set(name, zero);
    }
    const inputs = [...feeds].map(([name, value]) => ({
      name,
      op: "Placeholder",
      attr: { dtype: { type: types[value.dtype] ?? "DT_FLOAT" } },
    }));
    const controlFree = [...cone.nodes.values()].map((node) => ({ ...node, input: dataInputs(node) }));
    try {
      const modelTopology = { node: [...inputs, ...controlFree], versions: { producer: 1 } };
      const model = loadGraphModelSync({
        load: () => ({ modelTopology, weightSpecs: [], weightData: new ArrayBuffer(0) }),
      });
      return tf.tidy(() => {
        const value = model.execute(Object.fromEntries(feeds), id);
        const [first] = Array.isArray(value) ? value : [value];
        if (first === undefined) throw new Error("no value");
        return tf.clone(first);
      });
    } catch {
      // An op that cannot run here is no constant; where it stands on a path it is refused by its own name.
      return undefined;
    } finally {
      tf.dispose(zeros);
    }
  }
}

function isSame(a: tf.Tensor, b: tf.Tensor): boolean {
  const [x, y] = [a.dataSync(), b.dataSync()];
  return x.length === y.length && x.every((value, i) => value === y[i]);
}

function placeholderShape(node: GraphDefNode | undefined): number[] | undefined {
  const dims = node?.attr?.["shape"]?.shape?.dim;
  return dims?.map(({ size }) => Number(size ?? -1));
}
