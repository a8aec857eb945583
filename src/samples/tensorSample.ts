import { PathlightError } from "../common/errors.ts";
import type { RowFields } from "../protocol/rows.ts";
import { readNpy } from "./npy/readNpy.ts";
import { elementCount, type NumericTensor, shapeText } from "./numericTensor.ts";

/**
 * A `.npy` file as the input of a model: `shape` (without batch axis) is checked; a batch axis of 1 in the file is
 * taken off. `integer`: the model takes whole numbers. Throws `sample-shape`, `not-finite` and what `readNpy` throws.
 */
export async function tensorFromNpy(
  path: string,
  shape: readonly (number | null)[],
  integer: boolean,
  signal?: AbortSignal,
): Promise<NumericTensor> {
  const array = await readNpy(path, signal);
  const found = withoutBatch(array.shape, shape);
  if (found === null) {
    throw new PathlightError("sample-shape", "The array does not have the shape of the model's input.", {
      file: path,
      expected: `${shapeText(shape)}, or with a batch axis of 1 before it`,
      found: shapeText(array.shape),
      whatToDo: "Save one sample in the shape that the model takes.",
    });
  }
  const bad = array.data.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1) {
    throw new PathlightError("not-finite", "The array holds a value that is not a finite number.", {
      file: path,
      expected: "finite numbers",
      found: `${array.data[bad]} at ${placeText(bad, array.shape)}`,
      whatToDo: "Correct the array.",
    });
  }
  return { shape: found, data: integer ? asIntegers(array.data, path) : asFloats(array.data) };
}

/**
 * A row of numbers as the input of a model, in the order of the columns without the label. A list in one column is
 * taken as it stands. Throws `sample-shape` and `sample-unreadable`.
 */
export function tensorFromRow(
  fields: RowFields,
  place: { readonly file: string; readonly line: number; readonly label?: string | undefined },
  shape: readonly (number | null)[],
  integer: boolean,
): NumericTensor {
  const entries = [...fields].filter(([name]) => name !== place.label);
  const lists = entries.filter(([, value]) => Array.isArray(value));
  const values = lists.length === 1 ? flatten(lists[0]?.[1]) : entries.map(([, value]) => value);
  const numbers = values.map((value, index) => {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    throw new PathlightError("sample-unreadable", `Line ${place.line + 1} does not hold numbers only.`, {
      file: place.file,
      expected: "a finite number in each column",
      found: `${JSON.stringify(value)} in ${lists.length === 1 ? `place ${index}` : JSON.stringify(entries[index]?.[0])}`,
      whatToDo: "Name the label's column as `label` of the data set in pathlight.json, or choose another row.",
    });
  });
  const free = shape.filter((side) => side === null).length;
  const known = elementCount(shape.map((side) => side ?? 1));
  const missing = free === 1 ? numbers.length / known : 1;
  if (free > 1 || !Number.isInteger(missing) || missing * known !== numbers.length || numbers.length === 0) {
    throw new PathlightError("sample-shape", `Line ${place.line + 1} does not fill the model's input.`, {
      file: place.file,
      expected: `${free > 0 ? "" : `${known} numbers, for `}${shapeText(shape)}`,
      found: `${numbers.length} numbers`,
      whatToDo: "Choose a file whose columns are the features of the model.",
    });
  }
  const data = Float32Array.from(numbers);
  return { shape: shape.map((side) => side ?? missing), data: integer ? asIntegers(numbers, place.file) : data };
}

/** The shape without its batch axis where it fits `expected`; null where it does not. */
function withoutBatch(found: readonly number[], expected: readonly (number | null)[]): number[] | null {
  const fits = (shape: readonly number[]) =>
    shape.length === expected.length && shape.every((side, axis) => side > 0 && (expected[axis] ?? side) === side);
  if (fits(found)) return [...found];
  // A scalar is the one number that an input of one number takes, however many axes that has.
  if (found.length === 0 && expected.every((side) => (side ?? 1) === 1)) return expected.map(() => 1);
  const rest = found.slice(1);
  return found[0] === 1 && fits(rest) ? rest : null;
}

function asFloats(values: Float32Array | Int32Array): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

function asIntegers(values: ArrayLike<number>, file: string): Int32Array {
  const integers = Int32Array.from(values);
  const bad = integers.findIndex((value, index) => value !== values[index]);
  if (bad === -1) return integers;
  throw new PathlightError("sample-shape", "The model takes whole numbers.", {
    file,
    expected: "whole numbers",
    found: `${values[bad]}`,
    whatToDo: "Save token ids or indices, not features.",
  });
}

function flatten(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value];
}

function placeText(index: number, shape: readonly number[]): string {
  let rest = index;
  const place = shape.map((_, axis) => {
    const stride = elementCount(shape.slice(axis + 1));
    const at = Math.floor(rest / stride);
    rest -= at * stride;
    return at;
  });
  return `[${place.join(", ")}]`;
}
