import protobuf from "protobufjs/light.js";
import { onnxSchema } from "../../../../../src/models/onnx/read/onnxSchema.ts";

/** Element types that tests feed, by ONNX's number. */
export const elementNumbers = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  double: 11,
} as const;
export type ElementName = keyof typeof elementNumbers;

export interface TestTensor {
  readonly type: ElementName;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type TestAttribute = number | string | readonly number[] | readonly string[] | TestTensor | TestGraph | Float;

/** A number that is a float attribute although it is whole. */
export interface Float {
  readonly float: number | readonly number[];
}

export interface TestNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, TestAttribute>>;
}

export interface TestValue {
  readonly name: string;
  readonly type: ElementName;
  /** A string is a free side. */
  readonly shape?: readonly (number | string)[];
}

export interface TestGraph {
  readonly nodes: readonly TestNode[];
  readonly inputs: readonly TestValue[];
  readonly outputs: readonly TestValue[];
  readonly constants?: Readonly<Record<string, TestTensor>>;
}

const root = protobuf.Root.fromJSON(onnxSchema);

/** An ONNX file with this graph. */
export function onnxBytes(graph: TestGraph, opset: number): Uint8Array {
  const model = {
    irVersion: opset >= 20 ? 9 : 8,
    producerName: "test",
    opsetImport: [
      { domain: "", version: opset },
      { domain: "com.microsoft", version: 1 },
    ],
    graph: graphMessage(graph),
  };
  return encode("ModelProto", model);
}

/** Any message of the schema; for tests that write what no exporter would. */
export function encode(type: string, message: object): Uint8Array {
  const messageType = root.lookupType(type);
  return messageType.encode(messageType.fromObject(message)).finish();
}

export function graphMessage(graph: TestGraph): object {
  return {
    name: "graph",
    node: graph.nodes.map(({ op, inputs, outputs, name = "", domain = "", attributes = {} }) => ({
      opType: op,
      input: inputs,
      output: outputs,
      name,
      domain,
      attribute: Object.entries(attributes).map(([key, value]) => attributeMessage(key, value)),
    })),
    initializer: Object.entries(graph.constants ?? {}).map(([name, tensor]) => ({ name, ...tensorMessage(tensor) })),
    input: graph.inputs.map(valueMessage),
    output: graph.outputs.map(valueMessage),
  };
}

export function tensorMessage({ type, shape, data }: TestTensor): object {
  return { dims: shape, dataType: elementNumbers[type], rawData: bytesOf(type, data) };
}

function bytesOf(type: ElementName, data: readonly number[]): Uint8Array {
  switch (type) {
    case "float":
      return new Uint8Array(Float32Array.from(data).buffer);
    case "double":
      return new Uint8Array(Float64Array.from(data).buffer);
    case "int64":
      return new Uint8Array(BigInt64Array.from(data, (value) => BigInt(value)).buffer);
    case "int32":
      return new Uint8Array(Int32Array.from(data).buffer);
    case "int8":
      return new Uint8Array(Int8Array.from(data).buffer);
    case "float16":
      return new Uint8Array(Uint16Array.from(data, halfBits).buffer);
    default:
      return Uint8Array.from(data);
  }
}

/** The nearest half-precision number, by its bits; for normal numbers. */
export function halfBits(value: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(value).buffer);
  const exponent = ((bits >> 23) & 0xff) - 127 + 15;
  if (exponent <= 0) return (bits >>> 16) & 0x8000;
  return ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >> 13) & 0x3ff);
}

function attributeMessage(name: string, value: TestAttribute): object {
  if (typeof value === "string") return { name, type: 3, s: Buffer.from(value) };
  if (typeof value === "number")
    return Number.isInteger(value) ? { name, type: 2, i: value } : { name, type: 1, f: value };
  if (isList(value)) return listMessage(name, value);
  if ("float" in value) {
    return typeof value.float === "number"
      ? { name, type: 1, f: value.float }
      : { name, type: 6, floats: [...value.float] };
  }
  if ("nodes" in value) return { name, type: 5, g: graphMessage(value) };
  return { name, type: 4, t: tensorMessage(value) };
}

function isList(value: TestAttribute): value is readonly number[] | readonly string[] {
  return Array.isArray(value);
}

function listMessage(name: string, value: readonly number[] | readonly string[]): object {
  if (value.some((each) => typeof each === "string")) {
    return { name, type: 8, strings: value.map((each) => Buffer.from(String(each))) };
  }
  return value.every((each) => Number.isInteger(each))
    ? { name, type: 7, ints: [...value] }
    : { name, type: 6, floats: [...value] };
}

function valueMessage({ name, type, shape }: TestValue): object {
  const dim = shape?.map((side) => (typeof side === "string" ? { dimParam: side } : { dimValue: side }));
  const tensorType = { elemType: elementNumbers[type], ...(dim === undefined ? {} : { shape: { dim } }) };
  return { name, type: { tensorType } };
}
