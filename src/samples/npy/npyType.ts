import { halfToFloat } from "../../common/halfPrecision.ts";
/** Element types of `.npy` files that have a number for each element: the code after the byte order in `descr`. */
export interface NpyType {
  /** NumPy's name, for example `float16`. */
  readonly name: string;
  readonly bytes: number;
  readonly integer: boolean;
  read(view: DataView, offset: number, littleEndian: boolean): number;
}

export const npyTypes: ReadonlyMap<string, NpyType> = new Map([
  ["b1", { name: "bool", bytes: 1, integer: true, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) }],
  ["i1", { name: "int8", bytes: 1, integer: true, read: (view, at) => view.getInt8(at) }],
  ["u1", { name: "uint8", bytes: 1, integer: true, read: (view, at) => view.getUint8(at) }],
  ["i2", { name: "int16", bytes: 2, integer: true, read: (view, at, little) => view.getInt16(at, little) }],
  ["u2", { name: "uint16", bytes: 2, integer: true, read: (view, at, little) => view.getUint16(at, little) }],
  ["i4", { name: "int32", bytes: 4, integer: true, read: (view, at, little) => view.getInt32(at, little) }],
  ["u4", { name: "uint32", bytes: 4, integer: true, read: (view, at, little) => view.getUint32(at, little) }],
  ["i8", { name: "int64", bytes: 8, integer: true, read: (view, at, little) => Number(view.getBigInt64(at, little)) }],
  [
    "u8",
    { name: "uint64", bytes: 8, integer: true, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  ],
  [
    "f2",
    { name: "float16", bytes: 2, integer: false, read: (view, at, little) => halfToFloat(view.getUint16(at, little)) },
  ],
  ["f4", { name: "float32", bytes: 4, integer: false, read: (view, at, little) => view.getFloat32(at, little) }],
  ["f8", { name: "float64", bytes: 8, integer: false, read: (view, at, little) => view.getFloat64(at, little) }],
] satisfies [string, NpyType][]);
