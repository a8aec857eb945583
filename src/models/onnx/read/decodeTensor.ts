import { PathlightError } from "../../../common/errors.ts";
import { halfToFloat } from "../../../common/halfPrecision.ts";
import { modelInvalid } from "../../disk/modelErrors.ts";
import { type Int64, type TensorProto, toNumber } from "./decodeProto.ts";
import { computeType, elementTypes, type HostTensor } from "./hostTensor.ts";

/**
 * The numbers of a constant. `raw`: its bytes where they stand in another file. Half and double precision become
 * float32, integers int32, the largest saturated (INT64_MAX means "to the end"). Throws `model-invalid`, `not-finite`.
 */
export function decodeTensor(file: string, tensor: TensorProto, name: string, external?: Uint8Array): HostTensor {
  const shape = tensor.dims.map(toNumber);
  const type = elementTypes[tensor.dataType];
  const dtype = computeType(tensor.dataType);
  if (type === undefined || dtype === undefined) {
    throw modelInvalid(
      file,
      `The constant ${name} has an element type that is not supported.`,
      "numbers of 8 to 64 bits or booleans",
      type?.name ?? `element type ${tensor.dataType}`,
      "Export the model with float32 weights and without strings.",
    );
  }
  const size = shape.reduce((product, side) => product * side, 1);
  if (!shape.every((side) => Number.isSafeInteger(side) && side >= 0) || !Number.isSafeInteger(size)) {
    throw modelInvalid(
      file,
      `The constant ${name} has an impossible shape.`,
      "sides of 0 or more",
      `[${shape.join(", ")}]`,
      "Export the model again.",
    );
  }
  const raw = external ?? tensor.rawData;
  const values = raw.length > 0 ? undefined : typedValues(tensor);
  const found = values === undefined ? raw.length / type.bytes : values.length;
  if (found !== size) {
    throw modelInvalid(
      file,
      `The constant ${name} does not have as many values as its shape says.`,
      `${size} values of type ${type.name} for [${shape.join(", ")}]`,
      `${found}`,
      "Copy or export the model again.",
    );
  }
  const data = values === undefined ? fromBytes(raw, type.name, size) : fromList(values, tensor.dataType, dtype);
  refuseNaN(file, name, shape, data);
  return { shape, dtype, data };
}

/** Values that stand in a typed field instead of raw bytes. */
function typedValues({ floatData, int32Data, int64Data, uint64Data, doubleData }: TensorProto): readonly Int64[] {
  const filled = [floatData, int32Data, int64Data, uint64Data, doubleData].find((list) => list.length > 0);
  return filled ?? [];
}

function fromList(values: readonly Int64[], elementType: number, dtype: HostTensor["dtype"]): HostTensor["data"] {
  const name = elementTypes[elementType]?.name;
  // Half precision stands in integers, bit by bit.
  if (name === "float16") return Float32Array.from(values, (bits) => halfToFloat(toNumber(bits)));
  if (name === "bfloat16") return bfloat16(Uint16Array.from(values, toNumber));
  if (dtype === "float32") return Float32Array.from(values, toNumber);
  if (dtype === "bool") return Uint8Array.from(values, (value) => (toNumber(value) === 0 ? 0 : 1));
  return Int32Array.from(values, (value) => saturate(toNumber(value)));
}

/** ONNX stores little-endian. Bytes are copied, since they need not be aligned where they stand. */
function fromBytes(raw: Uint8Array, type: string, size: number): HostTensor["data"] {
  // Not `slice`, which for a Buffer is a view of all that is around it.
  const { buffer } = new Uint8Array(raw);
  switch (type) {
    case "float":
      return new Float32Array(buffer);
    case "double":
      return Float32Array.from(new Float64Array(buffer));
    case "float16":
      return Float32Array.from(new Uint16Array(buffer), halfToFloat);
    case "bfloat16":
      return bfloat16(new Uint16Array(buffer));
    case "bool":
      return Uint8Array.from(raw, (value) => (value === 0 ? 0 : 1));
    case "int32":
      return new Int32Array(buffer);
    case "int64":
      return saturated(new BigInt64Array(buffer), size);
    case "uint64":
      return saturated(new BigUint64Array(buffer), size);
    case "uint32":
      return Int32Array.from(new Uint32Array(buffer), saturate);
    case "int16":
      return Int32Array.from(new Int16Array(buffer));
    case "uint16":
      return Int32Array.from(new Uint16Array(buffer));
    case "int8":
      return Int32Array.from(new Int8Array(buffer));
    case "uint8":
      return Int32Array.from(raw);
    default:
      throw new PathlightError("internal", `No reader for the element type ${type}.`);
  }
}

function saturated(values: BigInt64Array | BigUint64Array, size: number): Int32Array {
  const result = new Int32Array(size);
  for (let i = 0; i < size; i++) result[i] = saturate(Number(values[i] ?? 0n));
  return result;
}

const largest = 2 ** 31 - 1;

function saturate(value: number): number {
  return Math.max(-largest - 1, Math.min(largest, value));
}

/** The upper half of a float32. */
function bfloat16(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (each) => each << 16).buffer);
}

/**
 * Infinity is legal: attention masks are made of it. One that matters shows in the prediction, which is checked too.
 */
function refuseNaN(file: string, name: string, shape: readonly number[], data: HostTensor["data"]): void {
  if (!(data instanceof Float32Array)) return;
  const index = data.findIndex(Number.isNaN);
  const infinite = index === -1 && data.length > 1 ? data.indexOf(Number.POSITIVE_INFINITY) : -1;
  const bad = index === -1 ? infinite : index;
  if (bad === -1) return;
  throw new PathlightError("not-finite", `The weight ${name} is not finite.`, {
    file,
    expected: "finite numbers",
    found: `${index === -1 ? "infinity" : "NaN"} at ${bad} in ${name}, shape [${shape.join(", ")}]`,
    whatToDo: "Save the model from before the training diverged.",
  });
}
