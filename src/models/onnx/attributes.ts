import type { OnnxGraph } from "./onnxGraph.ts";
import type { HostTensor } from "./read/hostTensor.ts";

export type AttributeValue = number | string | readonly number[] | readonly string[] | HostTensor | OnnxGraph;

/** The attributes of a node, each read as what its operator takes it for; one of another kind counts as left out. */
export class Attributes {
  readonly #values: ReadonlyMap<string, AttributeValue>;

  constructor(values: ReadonlyMap<string, AttributeValue>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  number(name: string, otherwise: number): number {
    const value = this.#values.get(name);
    return typeof value === "number" ? value : otherwise;
  }

  flag(name: string, otherwise = false): boolean {
    return this.number(name, otherwise ? 1 : 0) !== 0;
  }

  numbers(name: string): readonly number[] | undefined {
    const value = this.#values.get(name);
    return Array.isArray(value) && value.every((each): each is number => typeof each === "number") ? value : undefined;
  }

  text(name: string, otherwise: string): string {
    const value = this.#values.get(name);
    return typeof value === "string" ? value : otherwise;
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.#values.get(name);
    return Array.isArray(value) && value.every((each): each is string => typeof each === "string") ? value : undefined;
  }

  tensor(name: string): HostTensor | undefined {
    const value = this.#values.get(name);
    return typeof value === "object" && "data" in value ? value : undefined;
  }

  graph(name: string): OnnxGraph | undefined {
    const value = this.#values.get(name);
    return typeof value === "object" && "nodes" in value ? value : undefined;
  }

  /** Every graph among the attributes. */
  graphs(): OnnxGraph[] {
    return [...this.#values.values()].filter((value) => typeof value === "object" && "nodes" in value);
  }
}
