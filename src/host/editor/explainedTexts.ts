import type { TextAttribution } from "../../protocol/explanation.ts";
import { sameButLineEnds } from "./lineEnds.ts";
import type { PlaceOf } from "./tokenSpans.ts";
import type { WrittenText } from "./writtenText.ts";

/** The text attributions of an explanation with where each of them is written; null: the document holds another text. */
export type Placed = readonly { readonly attribution: TextAttribution; readonly placeOf: PlaceOf }[] | null;

interface Field {
  readonly name: string | null;
  readonly start: number;
  readonly end: number;
}

/** One text that is the whole of an attribution, as a selection or a line is. */
export function placeWhole(attributions: readonly TextAttribution[], written: WrittenText): Placed {
  return all(attributions, (attribution) => {
    const there = sameButLineEnds(attribution.text, written.text);
    return there === null ? null : through(there, written);
  });
}

/**
 * The attributions of a row in the row as it stands: all of its fields must be what was explained, but for line ends, since
 * each value depends on all of the texts.
 */
export function placeFields(
  attributions: readonly TextAttribution[],
  columns: ReadonlyMap<string, WrittenText>,
): Placed {
  return all(attributions, (attribution) => {
    const places: { readonly field: Field; readonly placeOf: PlaceOf }[] = [];
    for (const field of fieldsOf(attribution)) {
      const text = attribution.text.slice(field.start, field.end);
      const found = inColumns(text, field.name, columns);
      if (found === null) return null;
      places.push({ field, placeOf: found });
    }
    return (start, end) => {
      const at = places.find(({ field }) => start >= field.start && end <= field.end);
      return at?.placeOf(start - at.field.start, end - at.field.start) ?? null;
    };
  });
}

/** Whether a row's values are those that were explained, told without finding each character. */
export function hasFields(attributions: readonly TextAttribution[], values: ReadonlyMap<string, unknown>): boolean {
  const plain = (text: string): string => text.replaceAll(/\r\n|\r/g, "\n");
  return attributions.every((attribution) =>
    fieldsOf(attribution).every(({ name, start, end }) => {
      const wanted = plain(attribution.text.slice(start, end));
      const candidates = name === null ? [...values.values()] : [values.get(name)];
      return candidates.some(
        (value) => (typeof value === "string" || typeof value === "number") && plain(String(value)) === wanted,
      );
    }),
  );
}

function all(attributions: readonly TextAttribution[], placeOf: (one: TextAttribution) => PlaceOf | null): Placed {
  const placed: { attribution: TextAttribution; placeOf: PlaceOf }[] = [];
  for (const attribution of attributions) {
    const place = placeOf(attribution);
    if (place === null) return null;
    placed.push({ attribution, placeOf: place });
  }
  return placed.length === 0 ? null : placed;
}

/** Explanations of before there were fields have one text. */
function fieldsOf({ fields, text }: TextAttribution): readonly Field[] {
  return fields.length > 0 ? fields : [{ name: null, start: 0, end: text.length }];
}

function inColumns(text: string, name: string | null, columns: ReadonlyMap<string, WrittenText>): PlaceOf | null {
  const candidates = name === null ? [...columns.values()] : [columns.get(name)];
  const fitting = candidates.flatMap((written) => {
    const there = written === undefined ? null : sameButLineEnds(text, written.text);
    return there === null || written === undefined ? [] : [through(there, written)];
  });
  // Two columns with the same text: which of them was read cannot be told.
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}

function through(inner: WrittenText, outer: WrittenText): PlaceOf {
  return (start, end) => {
    const place = inner.place(start, end);
    return place === null ? null : outer.place(place.start, place.end);
  };
}
