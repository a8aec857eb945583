import { createReadStream } from "node:fs";
import { throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import { maxRowLength, type RowFields, type RowKind, RowScanner, rowFields, rowKind } from "../../protocol/rows.ts";
import { fileError, sampleFileSize } from "../sampleFile.ts";
import { decodeText } from "./decodeText.ts";

export interface DataRow {
  /** 0-based among the data rows. */
  readonly row: number;
  /** 0-based line on which it starts. */
  readonly line: number;
  /** UTF-16 offsets in the file's text. */
  readonly start: number;
  readonly end: number;
  /** Values by column. Throws `sample-unreadable`, naming the line, where the row cannot be read. */
  fields(): RowFields;
}

/** The kind of a data file; throws `sample-unreadable` for a file that has no rows. */
export function dataFileKind(path: string): RowKind {
  const kind = rowKind(path);
  if (kind !== null) return kind;
  throw new PathlightError("sample-unreadable", "The file has no rows.", {
    file: path,
    expected: "a .jsonl, .csv, .tsv or .txt file",
    found: path.slice(path.lastIndexOf(".") + 1).slice(0, 20),
    whatToDo: "Leave out the row, or choose a data file.",
  });
}

/**
 * The rows of a data file, read as a stream: memory does not grow with the file. Throws `sample-not-found`,
 * `sample-unreadable` (encoding, quotes), `sample-too-large` (a row) and `sample-empty` (no row at all).
 */
export async function* readRows(path: string, signal?: AbortSignal): AsyncGenerator<DataRow> {
  const kind = dataFileKind(path);
  await sampleFileSize(path);
  const scanner = new RowScanner(kind);
  const stream = createReadStream(path, { highWaterMark: 1 << 18 });
  let count = 0;
  const asRow = (raw: Parameters<typeof rowFields>[0]): DataRow => ({
    row: raw.row,
    line: raw.line,
    start: raw.start,
    end: raw.end,
    fields: () => withFile(path, () => rowFields(raw, kind, scanner.columns)),
  });
  try {
    for await (const text of decodeText(stream, maxRowLength * 4)) {
      throwIfCancelled(signal);
      for (const raw of scanner.push(text)) {
        if (raw.row < 0) continue;
        count++;
        yield asRow(raw);
      }
    }
    for (const raw of scanner.end()) {
      if (raw.row < 0) continue;
      count++;
      yield asRow(raw);
    }
  } catch (thrown) {
    throw addFile(path, fileError(path, thrown));
  } finally {
    stream.destroy();
  }
  if (count === 0) {
    throw new PathlightError("sample-empty", "The data file has no rows.", {
      file: path,
      expected: kind === "csv" || kind === "tsv" ? "a row under the names of the columns" : "a line that is not blank",
      found: scanner.columns === null ? "nothing" : "only the names of the columns",
      whatToDo: "Choose another file.",
    });
  }
}

function withFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw addFile(path, thrown);
  }
}

function addFile(path: string, thrown: unknown): unknown {
  if (!(thrown instanceof PathlightError) || thrown.details.file !== undefined || thrown.code === "cancelled")
    return thrown;
  return new PathlightError(thrown.code, thrown.message, { file: path, ...thrown.details }, thrown);
}
