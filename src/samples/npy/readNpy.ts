import { PathlightError } from "../../common/errors.ts";
import { elementCount, shapeText } from "../numericTensor.ts";
import { readSampleFile } from "../sampleFile.ts";
import { type NpyType, npyTypes } from "./npyType.ts";

export interface NpyArray {
  readonly shape: number[];
  /** Row-major. Whole numbers that fit are `Int32Array`, everything else `Float32Array`. */
  readonly data: Float32Array | Int32Array;
  /** NumPy's name of the element type in the file. */
  readonly dtype: string;
}

/** Reads a `.npy` file. Throws `sample-not-found`, `sample-unreadable` and `sample-empty`. */
export async function readNpy(path: string, signal?: AbortSignal): Promise<NpyArray> {
  return parseNpy(await readSampleFile(path, signal), path);
}

/**
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html (versions 1 to 3; either byte order;
 * either index order; bool, integers of 8 to 64 bits, floats of 16 to 64 bits). `file` stands in the errors.
 */
export function parseNpy(bytes: Uint8Array, file: string): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 6 || magic.some((byte, index) => bytes[index] !== byte)) {
    throw unreadable(file, "This is not a .npy file.", {
      expected: "a file that starts with \\x93NUMPY",
      found: `bytes ${[...bytes.subarray(0, 6)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`,
      whatToDo: "Write it with numpy.save. A .npz archive has to be unpacked first.",
    });
  }
  const major = bytes[6] ?? 0;
  const headerStart = major === 1 ? 10 : 12;
  if (major > 3 || major === 0)
    throw unreadable(file, "The version of the .npy file is unknown.", { found: `version ${major}` });
  const headerLength =
    bytes.length < headerStart
      ? Number.POSITIVE_INFINITY
      : major === 1
        ? view.getUint16(8, true)
        : view.getUint32(8, true);
  const dataStart = headerStart + headerLength;
  if (dataStart > bytes.length) {
    throw unreadable(file, "The .npy file ends inside its header.", { found: `${bytes.length} bytes` });
  }
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(headerStart, dataStart)), file);
  const count = elementCount(header.shape);
  const expected = count * header.type.bytes;
  const found = bytes.length - dataStart;
  if (found !== expected) {
    throw unreadable(file, found < expected ? "The .npy file is truncated." : "The .npy file is longer than it says.", {
      expected: `${expected} bytes of data (${shapeText(header.shape)}, ${header.type.name})`,
      found: `${found} bytes`,
      whatToDo: "Write the file again.",
    });
  }
  return { shape: header.shape, dtype: header.type.name, data: readElements(view, dataStart, count, header, file) };
}

interface NpyHeader {
  readonly type: NpyType;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: number[];
}

function parseHeader(text: string, file: string): NpyHeader {
  const descr = /'descr'\s*:\s*'([<>|=])([^']*)'/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const sides = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  const foundType = /'descr'\s*:\s*('[^']*'|\[)/.exec(text)?.[1];
  if (foundType === undefined || order === undefined || sides === undefined) {
    throw unreadable(file, "The header of the .npy file is damaged.", { found: text.trim().slice(0, 120) });
  }
  const type = npyTypes.get(descr?.[2] ?? "");
  if (descr === null || type === undefined) {
    throw unreadable(file, "The .npy file does not hold plain numbers.", {
      expected: `one of ${[...npyTypes.values()].map((known) => known.name).join(", ")}`,
      found: foundType === "[" ? "a structured type" : foundType === "'|O'" ? "Python objects" : `type ${foundType}`,
      whatToDo: "Convert it, for example with array.astype(numpy.float32).",
    });
  }
  const shape = sides
    .split(",")
    .map((side) => side.replace("L", "").trim())
    .filter((side) => side !== "")
    .map(Number);
  return { type, littleEndian: descr[1] !== ">", fortranOrder: order === "True", shape };
}

function readElements(view: DataView, start: number, count: number, header: NpyHeader, file: string) {
  const { type, littleEndian } = header;
  const positions = header.fortranOrder ? fortranPositions(header.shape, count) : undefined;
  const numbers = type.integer ? new Int32Array(count) : new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const value = type.read(view, start + index * type.bytes, littleEndian);
    const at = positions?.[index] ?? index;
    numbers[at] = value;
    if (type.integer && numbers[at] !== value) {
      throw unreadable(file, "A number in the .npy file is too large.", {
        expected: "whole numbers between −2 147 483 648 and 2 147 483 647",
        found: `${value} (${type.name})`,
        whatToDo: "Save it as a float type.",
      });
    }
  }
  return numbers;
}

/** Row-major position of each element of a column-major array. */
function fortranPositions(shape: readonly number[], count: number): Int32Array {
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  const positions = new Int32Array(count);
  const index = shape.map(() => 0);
  let position = 0;
  for (let at = 0; at < count; at++) {
    positions[at] = position;
    for (let axis = 0; axis < shape.length; axis++) {
      const stride = strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      position += stride;
      index[axis] = next;
      if (next < (shape[axis] ?? 0)) break;
      position -= next * stride;
      index[axis] = 0;
    }
  }
  return positions;
}

function unreadable(file: string, message: string, details: { expected?: string; found?: string; whatToDo?: string }) {
  return new PathlightError("sample-unreadable", message, {
    file,
    whatToDo: "Write the file again with numpy.save.",
    ...details,
  });
}
