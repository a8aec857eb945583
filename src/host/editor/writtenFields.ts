import { type RawRow, type RowKind, rowFields } from "../../protocol/rows.ts";
import { jsonValuePlaces } from "./jsonValues.ts";
import { writtenJsonString } from "./writtenEscapes.ts";
import { WrittenText } from "./writtenText.ts";

/**
 * The values of a row that are text or numbers, each with where it is written in the text that the row is of, in the order
 * of the columns. Throws what `rowFields` throws. A column is left out where it cannot be said where its value is
 * written: a number that is not written the way it is read (1e3).
 */
export function writtenFields(
  raw: RawRow,
  kind: RowKind,
  columns: readonly string[] | null,
): ReadonlyMap<string, WrittenText> {
  const values = rowFields(raw, kind, columns);
  const written = kind === "jsonl" ? writtenJson(raw) : writtenCells(raw, kind, columns);
  const found = new Map<string, WrittenText>();
  for (const [name, value] of values) {
    const text = written.get(name);
    // Two readers of one notation: where they differ nothing may be painted.
    if ((typeof value === "string" || typeof value === "number") && text?.text === String(value)) found.set(name, text);
  }
  return found;
}

function writtenJson({ text, start }: RawRow): Map<string, WrittenText> {
  const found = new Map<string, WrittenText>();
  for (const [name, place] of jsonValuePlaces(text)) {
    const source = text.slice(place.start, place.end);
    const written = source.startsWith('"')
      ? writtenJsonString(source.slice(1, -1), start + place.start + 1)
      : new WrittenText().copy(source, start + place.start);
    found.set(name, written);
  }
  return found;
}

function writtenCells(
  { text, start }: RawRow,
  kind: RowKind,
  columns: readonly string[] | null,
): Map<string, WrittenText> {
  if (kind === "txt") return new Map([["text", new WrittenText().copy(text, start)]]);
  const cells = writtenRecord(text, kind === "tsv" ? "\t" : ",", start);
  return new Map(
    (columns ?? []).flatMap((name, index) => {
      const cell = cells[index];
      return cell === undefined ? [] : [[name, cell] as const];
    }),
  );
}

/** The fields of a record of a CSV or TSV file that begins at `offset`, read as `splitFields` reads them. */
function writtenRecord(record: string, delimiter: string, offset: number): WrittenText[] {
  const fields: WrittenText[] = [];
  let at = 0;
  while (at <= record.length) {
    const field = new WrittenText();
    if (record[at] === '"') {
      at++;
      for (;;) {
        const quote = record.indexOf('"', at);
        const stop = quote === -1 ? record.length : quote;
        field.copy(record.slice(at, stop), offset + at);
        at = stop + 1;
        if (quote === -1) {
          at = record.length;
          break;
        }
        if (record[at] !== '"') break;
        field.stand('"', offset + quote, 2);
        at++;
      }
    }
    const end = record.indexOf(delimiter, at);
    const stop = end === -1 ? record.length : end;
    field.copy(record.slice(at, stop), offset + at);
    fields.push(field);
    at = stop + 1;
  }
  return fields;
}
