import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { z } from "zod";
import type { Shape } from "../../layers/own/ownLayer.ts";
import { type LayerCall, type LayerNode, TensorRef } from "../config/layerNode.ts";
import { unsupported } from "../config/readConfig.ts";
import type { SymbolicTensor } from "./builtLayer.ts";
import type { FoundOperation } from "./findOperation.ts";

/** An argument of an operation: a tensor of the graph or a constant. */
export interface Operand {
  /** Batch axis first where it is a tensor of the graph. */
  readonly shape: Shape;
  readonly constant: boolean;
  readonly get: (inputs: readonly tf.Tensor[]) => tf.Tensor;
}

const constantSchema: z.ZodType<tf.TensorLike> = z.union([
  z.number(),
  z.array(z.number()),
  z.array(z.array(z.number())),
  z.array(z.array(z.array(z.number()))),
  z.array(z.array(z.array(z.array(z.number())))),
]);

/** The arguments of one call of an operation by the names of its parameters, and the tensors among them. */
export class OperationCall {
  readonly node: LayerNode;
  /** The tensors of the graph that it takes, in the order of their use. */
  readonly inputs: SymbolicTensor[] = [];
  readonly #values = new Map<string, unknown>();
  readonly #resolve: (ref: TensorRef) => SymbolicTensor;

  constructor(
    node: LayerNode,
    call: LayerCall,
    { definition, config, rename }: FoundOperation,
    resolve: (ref: TensorRef) => SymbolicTensor,
  ) {
    this.node = node;
    this.#resolve = resolve;
    for (const [name, value] of Object.entries(config)) this.#values.set(name, value);
    call.args.forEach((value, index) => {
      const name = definition.parameters[index];
      if (name === undefined) throw unsupported(node, `${call.args.length} arguments`);
      this.#values.set(name, value);
    });
    for (const [name, value] of Object.entries(call.kwargs)) this.#values.set(rename[name] ?? name, value);
  }

  has(name: string): boolean {
    const value = this.#values.get(name);
    return value !== undefined && value !== null;
  }

  operand(name: string): Operand {
    return this.#operand(this.#values.get(name), name);
  }

  operands(name: string): Operand[] {
    const value = this.#values.get(name);
    if (!Array.isArray(value) || value.length === 0) throw this.#bad(name);
    return value.map((each: unknown) => this.#operand(each, name));
  }

  /** An option that `schema` describes. */
  option<T>(name: string, schema: z.ZodType<T>): T {
    const checked = schema.safeParse(this.#values.get(name) ?? undefined);
    if (checked.success) return checked.data;
    throw this.#bad(name);
  }

  #operand(value: unknown, name: string): Operand {
    if (value instanceof TensorRef) {
      const symbol = this.#resolve(value);
      const index = this.inputs.push(symbol) - 1;
      const get = (inputs: readonly tf.Tensor[]) => {
        const input = inputs[index];
        if (input === undefined) throw this.#bad(name);
        return input;
      };
      return {
        // Read where it is needed, since an outline does not know it.
        get shape() {
          return symbol.shape;
        },
        constant: false,
        get,
      };
    }
    const checked = constantSchema.safeParse(value);
    if (!checked.success) throw this.#bad(name);
    const { data } = checked;
    const shape = shapeOf(data);
    return { shape, constant: true, get: () => tf.tensor(data) };
  }

  #bad(name: string) {
    const text = JSON.stringify(this.#values.get(name)) ?? "nothing";
    return unsupported(this.node, `${name} = ${text.slice(0, 80)}`);
  }
}

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : [];
}

export function isSymbol(value: unknown): value is SymbolicTensor {
  return value instanceof tfl.SymbolicTensor;
}
