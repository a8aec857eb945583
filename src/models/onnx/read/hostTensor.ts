/** Numbers of a constant in memory, before a backend has them. Integers of every width are int32. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** ONNX element types by number (TensorProto.DataType). */
export const elementTypes: Readonly<Record<number, { readonly name: string; readonly bytes: number }>> = {
  1: { name: "float", bytes: 4 },
  2: { name: "uint8", bytes: 1 },
  3: { name: "int8", bytes: 1 },
  4: { name: "uint16", bytes: 2 },
  5: { name: "int16", bytes: 2 },
  6: { name: "int32", bytes: 4 },
  7: { name: "int64", bytes: 8 },
  8: { name: "string", bytes: 0 },
  9: { name: "bool", bytes: 1 },
  10: { name: "float16", bytes: 2 },
  11: { name: "double", bytes: 8 },
  12: { name: "uint32", bytes: 4 },
  13: { name: "uint64", bytes: 8 },
  16: { name: "bfloat16", bytes: 2 },
};

/** What a value of an ONNX element type is computed in; undefined for types that are not computed with. */
export function computeType(elementType: number): HostTensor["dtype"] | undefined {
  const name = elementTypes[elementType]?.name;
  if (name === "float" || name === "float16" || name === "double" || name === "bfloat16") return "float32";
  if (name === "bool") return "bool";
  return name === undefined || name === "string" ? undefined : "int32";
}
