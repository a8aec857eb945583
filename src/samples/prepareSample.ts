import { basename, extname } from "node:path";
import { PathlightError } from "../common/errors.ts";
import type { SampleRef } from "../protocol/explain.ts";
import type { ManifestInput, TextInput } from "../protocol/manifest.ts";
import { rowKind } from "../protocol/rows.ts";
import { imageFromArray } from "./image/arrayImage.ts";
import { loadImage } from "./image/loadImage.ts";
import { prepareImage } from "./image/prepareImage.ts";
import type { Prepared, PreparedSample, SampleInfo } from "./prepared.ts";
import { readFileEnds } from "./readFileEnds.ts";
import { readRow, readRowValues } from "./rows/readRow.ts";
import { readSampleFile } from "./sampleFile.ts";
import { tensorFromNpy, tensorFromRow } from "./tensorSample.ts";
import { prepareFile, prepareIds, preparePair, prepareText } from "./textSample.ts";
import type { LongText } from "./textWindows.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** What a sample is prepared for. */
export interface SampleContext {
  /** Shape of the model's input without the batch axis; null for a free side. */
  readonly inputShape: readonly (number | null)[];
  /** The model's input takes whole numbers. */
  readonly integer: boolean;
  /** Needed for text. */
  readonly tokenizer?: Tokenizer | undefined;
  /** Rows of the embedding behind an integer input; ids are checked against it. */
  readonly vocabularyLimit?: number | undefined;
  /** Text and label column of the data set; `column` of the sample goes first. */
  readonly column?: string | undefined;
  readonly label?: string | undefined;
  /** How a text is read that is longer than the model takes; absent: cut. */
  readonly long?: LongText | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A sample as the numbers of a model's input. A `.npy` file is the model's own tensor for every kind of input (token ids
 * where an embedding follows), not preprocessed; else a picture for `image`, a row, a piece of text or a whole file for
 * `text`, a row of numbers for `tensor`. Throws the codes `sample-*`,
 * `tokenizer-invalid`, `manifest-invalid`, `not-finite` and `cancelled`.
 */
export async function prepareSample(
  sample: SampleRef,
  input: ManifestInput,
  context: SampleContext,
): Promise<PreparedSample> {
  if (sample.kind === "text") {
    if (input.kind !== "text") throw wrongKind("a piece of text", input.kind, undefined);
    const { row } = sample;
    const columns = row === undefined ? [] : Object.keys(row.fields);
    const title = sample.origin ?? "Text";
    const info = { title, path: null, row: null, columns, column: row?.column ?? null, label: null };
    const second = secondText(sample);
    const names = [row?.column ?? null, row?.secondColumn ?? null];
    return { ...textOf([sample.text, ...(second === undefined ? [] : [second])], names, input, context), info };
  }
  const { path } = sample;
  const info = fileInfo(path, sample.row ?? null);
  if (extname(path).toLowerCase() === ".npy") {
    const isIds = input.kind === "text" || context.vocabularyLimit !== undefined;
    const tensor = await tensorFromNpy(path, context.inputShape, context.integer || isIds, context.signal);
    if (isIds) {
      return { ...prepareIds(tensor, path, context.tokenizer, context.vocabularyLimit), info };
    }
    if (input.kind === "image") return { ...inFile(path, () => imageFromArray(tensor, input)), info };
    return { kind: "tensor", tensor, notes: [], info };
  }
  if (input.kind === "image") {
    if (sample.row !== undefined) throw wrongKind("a row of a data file", "image", path);
    const image = await loadImage(path, context.signal);
    return { ...inFile(path, () => prepareImage(image, input, context.inputShape)), info };
  }
  if (input.kind === "text") return textFromFile(sample, input, context);
  if (rowKind(path) === null) throw wrongKind(`a file called ${basename(path)}`, "tensor", path);
  const { signal, label } = context;
  const values = await readRowValues(path, sample.row ?? 0, { signal, label });
  const place = { file: path, line: values.line, label, columns: input.columns };
  const { tensor, names } = tensorFromRow(values.fields, place, context.inputShape, context.integer);
  return { kind: "tensor", tensor, names, notes: [], info: { ...fileInfo(path, values.row), label: values.label } };
}

async function textFromFile(
  sample: Extract<SampleRef, { kind: "file" }>,
  input: TextInput,
  context: SampleContext,
): Promise<PreparedSample> {
  const { path } = sample;
  const files = context.tokenizer?.files;
  if (files !== undefined && sample.row === undefined) {
    const ends = await readFileEnds(path, files.wanted, context.signal);
    return {
      ...inFile(path, () => prepareFile(ends, input, context.inputShape, files, context.long)),
      info: fileInfo(path, null),
    };
  }
  if (rowKind(path) === null || (sample.row === undefined && rowKind(path) === "txt")) {
    const info = fileInfo(path, null);
    return { ...textOf([await wholeText(path, context.signal)], [null], input, context, path), info };
  }
  const column = sample.column ?? context.column;
  const row = await readRow(path, sample.row ?? 0, { column, label: context.label, signal: context.signal });
  const info = { ...fileInfo(path, row.row), columns: row.columns, column: row.column, label: row.label };
  const { secondColumn } = sample;
  const texts = [row.text];
  if (secondColumn !== undefined) {
    const options = { column: secondColumn, label: context.label, signal: context.signal };
    texts.push((await readRow(path, sample.row ?? 0, options)).text);
  }
  return { ...textOf(texts, [row.column, secondColumn ?? null], input, context, path), info };
}

/** The second text of a pair that stands in an editor; undefined: there is none. */
function secondText({ row, second }: Extract<SampleRef, { kind: "text" }>): string | undefined {
  if (row?.secondColumn === undefined) return second;
  const text = row.fields[row.secondColumn];
  if (text !== undefined) return text;
  throw new PathlightError("sample-column-missing", "The row does not have the column of the second text.", {
    expected: JSON.stringify(row.secondColumn),
    found: `the columns ${Object.keys(row.fields).join(", ").slice(0, 300)}`,
    whatToDo: "Name the column, in `text` of the data set in pathlight.json.",
  });
}

/** A file that is one text. */
async function wholeText(path: string, signal: AbortSignal | undefined): Promise<string> {
  const bytes = await readSampleFile(path, signal);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new PathlightError(
      "sample-unreadable",
      "The file is no text.",
      {
        file: path,
        expected: "UTF-8 text, a data file with rows, or .npy with token ids",
        found: "bytes that are not UTF-8",
        whatToDo: "Choose a text, or a model that reads this kind of file.",
      },
      cause,
    );
  }
}

/** One text, or two that are read as one sequence; `names` are their columns. */
function textOf(
  [first = "", second]: readonly string[],
  names: readonly (string | null)[],
  input: TextInput,
  context: SampleContext,
  file?: string,
): Prepared {
  const { tokenizer, inputShape } = context;
  if (tokenizer === undefined) throw new PathlightError("internal", "A text sample needs a tokenizer.");
  const prepared = inFile(file, () =>
    second === undefined
      ? prepareText(first, input, inputShape, tokenizer, context.long)
      : preparePair(first, second, input, inputShape, tokenizer, context.long),
  );
  return { ...prepared, fields: prepared.fields.map((field, index) => ({ ...field, name: names[index] ?? null })) };
}

/** Names the sample's file in errors that do not name one. */
function inFile<T>(file: string | undefined, prepare: () => T): T {
  try {
    return prepare();
  } catch (thrown) {
    if (!(thrown instanceof PathlightError) || thrown.details.file !== undefined || file === undefined) throw thrown;
    throw new PathlightError(thrown.code, thrown.message, { ...thrown.details, file }, thrown);
  }
}

function fileInfo(path: string, row: number | null): SampleInfo {
  const title = row === null ? basename(path) : `${basename(path)}, row ${row + 1}`;
  return { title, path, row, columns: [], column: null, label: null };
}

function wrongKind(found: string, kind: ManifestInput["kind"], file: string | undefined): PathlightError {
  const expected = { image: "a picture, or a .npy file", text: "a text", tensor: "a .npy file, or a row of numbers" }[
    kind
  ];
  return new PathlightError("sample-shape", "The model does not read this kind of sample.", {
    file,
    expected,
    found,
    whatToDo: "Choose another sample or another model.",
  });
}
