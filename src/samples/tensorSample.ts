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

/** Where a row stands, and which of its columns are meant. */
export interface RowPlace {
  readonly file: string;
  /** 0-based. */
  readonly line: number;
  /** Column of the true label, which is no feature. */
  readonly label?: string | undefined;
  /** Columns of the features in the model's order; absent: all but the label's. */
  readonly columns?: readonly string[] | undefined;
}

export interface RowTensor {
  readonly tensor: NumericTensor;
  /** The column of each value; undefined where one column holds all of them as a list. */
  readonly names: readonly string[] | undefined;
}

/**
 * A row of numbers as the input of a model, in the order of the columns without the label, or of those that are named. A
 * list in one column is taken as it stands. Throws `sample-shape`, `sample-unreadable` and `sample-column-missing`.
 */
export function tensorFromRow(
  fields: RowFields,
  place: RowPlace,
  shape: readonly (number | null)[],
  integer: boolean,
): RowTensor {
  const entries = chosenFields(fields, place);
  const lists = entries.filter(([, value]) => Array.isArray(value));
  const isList = lists.length === 1;
  const values = isList ? flatten(lists[0]?.[1]) : entries.map(([, value]) => value);
  const numbers = values.map((value, index) => {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    throw new PathlightError("sample-unreadable", `Line ${place.line + 1} does not hold numbers only.`, {
      file: place.file,
      expected: "a finite number in each column",
      found: `${JSON.stringify(value)} in ${isList ? `place ${index}` : JSON.stringify(entries[index]?.[0])}`,
      whatToDo:
        place.columns === undefined
          ? "Name the features as `columns` of the model's input in pathlight.json, or the label's column as `label` of the data set, or choose another row."
          : "Choose another row, or other `columns` of the model's input in pathlight.json.",
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
      whatToDo:
        place.columns === undefined
          ? "Name the features as `columns` of the model's input in pathlight.json, or choose a file whose columns are the features of the model."
          : "Name as many `columns` of the model's input in pathlight.json as it takes numbers.",
    });
  }
  const data = integer ? asIntegers(numbers, place.file) : Float32Array.from(numbers);
  const names = isList ? undefined : entries.map(([name]) => name);
  return { tensor: { shape: shape.map((side) => side ?? missing), data }, names };
}

function chosenFields(fields: RowFields, { file, line, label, columns }: RowPlace): (readonly [string, unknown])[] {
  if (columns === undefined) return [...fields].filter(([name]) => name !== label);
  return columns.map((name) => {
    if (fields.has(name)) return [name, fields.get(name)];
    throw new PathlightError("sample-column-missing", `Line ${line + 1} has no column ${JSON.stringify(name)}.`, {
      file,
      expected: columns.join(", ").slice(0, 300),
      found: `the columns ${[...fields.keys()].join(", ").slice(0, 300)}`,
      whatToDo: "Correct `columns` of the model's input in pathlight.json, or choose another file.",
    });
  });
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
