import { modelInvalid } from "../../disk/modelErrors.ts";
import { Attributes, type AttributeValue } from "../attributes.ts";
import type { OnnxGraph, OnnxInput, OnnxNode } from "../onnxGraph.ts";
import {
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type OperatorSet,
  type TensorProto,
  toNumber,
  type ValueInfoProto,
} from "./decodeProto.ts";
import { decodeTensor } from "./decodeTensor.ts";
import { computeType, elementTypes, type HostTensor } from "./hostTensor.ts";
import { inlineFunctions } from "./inlineFunctions.ts";
import { orderNodes } from "./orderNodes.ts";

/** Attribute types by number (AttributeProto.AttributeType). */
const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;

/** A decoded file as a graph that can be computed. Throws `model-invalid`, `not-finite`. */
export function buildGraph(file: string, model: ModelProto, external: ReadonlyMap<TensorProto, Uint8Array>): OnnxGraph {
  return new GraphBuilder(file, model, external).build(model.graph, new Set());
}

class GraphBuilder {
  readonly #file: string;
  readonly #model: ModelProto;
  readonly #external: ReadonlyMap<TensorProto, Uint8Array>;
  readonly #versions: ReadonlyMap<string, number>;
  readonly #names = new Set<string>();

  constructor(file: string, model: ModelProto, external: ReadonlyMap<TensorProto, Uint8Array>) {
    this.#file = file;
    this.#model = model;
    this.#external = external;
    this.#versions = versionsOf(model.opsetImport);
  }

  /** `around`: values of the graphs around this one, which it may read. */
  build(proto: GraphProto, around: ReadonlySet<string>): OnnxGraph {
    if (proto.sparseInitializer.length > 0) throw this.#invalid("sparse weights", "dense weights");
    const constants = new Map<string, HostTensor>();
    for (const tensor of proto.initializer) constants.set(tensor.name, this.#tensor(tensor, tensor.name));
    // Old exporters list the weights among the inputs.
    const inputs = proto.input.filter(({ name }) => !constants.has(name)).map((input) => this.#input(input));
    const known = new Set([...around, ...constants.keys(), ...inputs.map(({ name }) => name)]);
    const protos = inlineFunctions(this.#file, proto.node, this.#model.functions);
    for (const node of protos) {
      for (const output of node.output) {
        if (output === "") continue;
        if (known.has(output)) throw this.#invalid(`two nodes that make ${output}`, "each value made once");
        known.add(output);
      }
    }
    const nodes = protos.map((node) => this.#node(node, known));
    const outputs = proto.output.map(({ name }) => name);
    const missing = outputs.find((name) => !known.has(name));
    if (outputs.length === 0 || missing !== undefined) {
      throw this.#invalid(missing === undefined ? "no output" : `nothing that makes the output ${missing}`, "outputs");
    }
    const given = new Set([...around, ...constants.keys(), ...inputs.map(({ name }) => name)]);
    return { inputs, outputs, nodes: orderNodes(this.#file, nodes, given), constants };
  }

  #node(proto: NodeProto, known: ReadonlySet<string>): OnnxNode {
    const missing = proto.input.find((name) => name !== "" && !known.has(name));
    if (missing !== undefined) {
      throw this.#invalid(
        `${proto.opType} ${proto.name || proto.output[0]} reads ${missing}, which nothing makes`,
        "a complete graph: every value an input, a weight or made by a node",
      );
    }
    const values = new Map<string, AttributeValue>();
    for (const attribute of proto.attribute) {
      const value = this.#attribute(attribute, known, proto.output);
      if (value !== undefined) values.set(attribute.name, value);
    }
    const attributes = new Attributes(values);
    const own = proto.domain === "" || proto.domain === "ai.onnx";
    return {
      name: this.#uniqueName(proto),
      op: own ? proto.opType : `${proto.domain}.${proto.opType}`,
      version: this.#versions.get(own ? "" : proto.domain) ?? 1,
      inputs: [...proto.input],
      outputs: [...proto.output],
      attributes,
      captures: [...new Set(attributes.graphs().flatMap(capturesOf))],
    };
  }

  #uniqueName({ name, opType, output }: NodeProto): string {
    const wanted = name || output.find((each) => each !== "") || opType;
    let unique = wanted;
    for (let i = 2; this.#names.has(unique); i++) unique = `${wanted}_${i}`;
    this.#names.add(unique);
    return unique;
  }

  #attribute(
    attribute: AttributeProto,
    known: ReadonlySet<string>,
    outputs: readonly string[],
  ): AttributeValue | undefined {
    switch (attribute.type) {
      case attributeTypes.float:
        return attribute.f;
      case attributeTypes.int:
        return toNumber(attribute.i);
      case attributeTypes.string:
        return text(attribute.s);
      case attributeTypes.tensor:
        return attribute.t === null ? undefined : this.#tensor(attribute.t, attribute.name);
      case attributeTypes.graph:
        return attribute.g === null ? undefined : this.build(attribute.g, aroundBranch(attribute.g, known, outputs));
      case attributeTypes.floats:
        return [...attribute.floats];
      case attributeTypes.ints:
        return attribute.ints.map(toNumber);
      case attributeTypes.strings:
        return attribute.strings.map(text);
      default:
        return undefined;
    }
  }

  #tensor(tensor: TensorProto, name: string): HostTensor {
    return decodeTensor(this.#file, tensor, name, this.#external.get(tensor));
  }

  #input({ name, type }: ValueInfoProto): OnnxInput {
    const tensorType = type?.tensorType ?? undefined;
    const dtype = tensorType === undefined ? undefined : computeType(tensorType.elemType);
    if (tensorType === undefined || dtype === undefined) {
      throw this.#invalid(
        `the input ${name} of ${tensorType ? (elementTypes[tensorType.elemType]?.name ?? "no known") : "another"} type`,
        "inputs that are tensors of numbers",
      );
    }
    const shape = tensorType.shape?.dim.map(({ dimValue, dimParam }) => {
      const side = toNumber(dimValue);
      return dimParam !== "" || side <= 0 ? dimParam : side;
    });
    return { name, shape, dtype };
  }

  #invalid(found: string, expected: string) {
    return modelInvalid(this.#file, "The ONNX graph is not well formed.", expected, found, "Export the model again.");
  }
}

/** What a branch sees around it: not what its node puts out, which it may make under the same names, in their order. */
function aroundBranch(
  { output }: GraphProto,
  known: ReadonlySet<string>,
  outputs: readonly string[],
): ReadonlySet<string> {
  const around = new Set(known);
  for (const [index, { name }] of output.entries()) if (name === outputs[index]) around.delete(name);
  return around;
}

/** What a graph reads from around it. */
function capturesOf(graph: OnnxGraph): string[] {
  const own = new Set([...graph.constants.keys(), ...graph.inputs.map(({ name }) => name)]);
  for (const node of graph.nodes) for (const output of node.outputs) own.add(output);
  const read = [...graph.nodes.flatMap((node) => [...node.inputs, ...node.captures]), ...graph.outputs];
  return read.filter((name) => name !== "" && !own.has(name));
}

function versionsOf(sets: readonly OperatorSet[]): Map<string, number> {
  return new Map(sets.map(({ domain, version }) => [domain === "ai.onnx" ? "" : domain, toNumber(version)]));
}

function text(bytes: Uint8Array): string {
  // A field that is left out is an empty list.
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
