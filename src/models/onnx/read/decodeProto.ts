import protobuf from "protobufjs/light.js";
import { modelInvalid } from "../../disk/modelErrors.ts";
import { onnxSchema } from "./onnxSchema.ts";

/** 64-bit integers arrive as objects; see `toNumber`. */
export type Int64 = number | { toNumber(): number };

export interface TensorProto {
  readonly dims: readonly Int64[];
  readonly dataType: number;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly int64Data: readonly Int64[];
  readonly uint64Data: readonly Int64[];
  readonly doubleData: readonly number[];
  readonly rawData: Uint8Array;
  readonly externalData: readonly { readonly key: string; readonly value: string }[];
  readonly dataLocation: number;
  readonly name: string;
}

export interface AttributeProto {
  readonly name: string;
  readonly type: number;
  readonly f: number;
  readonly i: Int64;
  readonly s: Uint8Array;
  readonly t: TensorProto | null;
  readonly g: GraphProto | null;
  readonly floats: readonly number[];
  readonly ints: readonly Int64[];
  readonly strings: readonly Uint8Array[];
  readonly refAttrName: string;
}

export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly overload: string;
  readonly attribute: readonly AttributeProto[];
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape: { readonly dim: readonly { readonly dimValue: Int64; readonly dimParam: string }[] } | null;
    } | null;
  } | null;
}

export interface GraphProto {
  readonly name: string;
  readonly node: readonly NodeProto[];
  readonly initializer: readonly TensorProto[];
  readonly sparseInitializer: readonly unknown[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
}

export interface OperatorSet {
  readonly domain: string;
  readonly version: Int64;
}

export interface FunctionProto {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly node: readonly NodeProto[];
  readonly attributeProto: readonly AttributeProto[];
  readonly opsetImport: readonly OperatorSet[];
}

export interface ModelProto {
  readonly irVersion: Int64;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly graph: GraphProto;
  readonly opsetImport: readonly OperatorSet[];
  readonly functions: readonly FunctionProto[];
}

const modelType = protobuf.Root.fromJSON(onnxSchema).lookupType("ModelProto");

/**
 * Decodes the bytes of an ONNX file; raw weights are views of them. The decoder checks every length and the depth of
 * nesting. Throws `model-invalid`.
 */
export function decodeModel(file: string, bytes: Uint8Array): ModelProto {
  let message: protobuf.Message;
  try {
    message = modelType.decode(bytes);
  } catch (cause) {
    const range = cause instanceof RangeError;
    throw modelInvalid(
      file,
      range ? "The ONNX file is truncated or damaged." : "The file is not an ONNX model.",
      "a complete ONNX model (protobuf)",
      bytes.length === 0 ? "an empty file" : `${bytes.length} bytes: ${cause instanceof Error ? cause.message : cause}`,
      "Export or copy the model again.",
      cause,
    );
  }
  if (!isModel(message)) {
    throw modelInvalid(
      file,
      bytes.length === 0 ? "The ONNX file is empty." : "The file holds no ONNX graph.",
      "an ONNX model with a graph",
      bytes.length === 0 ? "0 bytes" : "a message without a graph",
      "Export or copy the model again.",
    );
  }
  return message;
}

/** The decoder gives every field the type that the schema says; only the graph may be missing. */
function isModel(message: protobuf.Message): message is protobuf.Message & ModelProto {
  const graph: unknown = Reflect.get(message, "graph");
  return typeof graph === "object" && graph !== null;
}

/** A 64-bit integer as a number; beyond 2⁵³ it is only near, which no size, axis or index ever is. */
export function toNumber(value: Int64): number {
  return typeof value === "number" ? value : value.toNumber();
}
