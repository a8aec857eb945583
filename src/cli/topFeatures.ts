import { poolCells, rankByStrength } from "../common/mapLayout.ts";
import type {
  Attribution,
  ImageAttribution,
  TensorAttribution,
  TextAttribution,
  Token,
} from "../protocol/explanation.ts";
import { featureName } from "../protocol/featureName.ts";

export interface Feature {
  /** Where it is, in words: `rows 16–23, columns 8–15`, `"Where"`, `outdoor_c`, `[3, 0]`. */
  readonly place: string;
  readonly value: number;
  /** Error estimate of this value; null while unknown. */
  readonly error: number | null;
}

export interface Features {
  readonly unit: "pixel" | "cell" | "token" | "value";
  /** What one feature is, for the head of the table. */
  readonly caption: string;
  readonly count: number;
  /** Largest magnitude first. */
  readonly top: readonly Feature[];
}

/** The strongest features of an attribution, at the grain that it is read at. */
export function topFeatures(attribution: Attribution, most: number): Features {
  switch (attribution.kind) {
    case "image":
      return imageFeatures(attribution, most);
    case "text":
      return textFeatures(attribution, most);
    case "tensor":
      return tensorFeatures(attribution, most);
  }
}

function ranked(values: ArrayLike<number>, most: number): number[] {
  return [...rankByStrength(values).order.slice(0, most)];
}

function span(name: string, from: number, to: number): string {
  return to - from <= 1 ? `${name} ${from}` : `${name}s ${from}–${to - 1}`;
}

function imageFeatures({ values, height, width, grain, cellErrors }: ImageAttribution, most: number): Features {
  const { columns: across, values: cells } = poolCells(values, height, width, grain);
  const top = ranked(cells, most).map((cell) => {
    const [y, x] = [Math.floor(cell / across) * grain, (cell % across) * grain];
    return {
      place: `${span("row", y, Math.min(y + grain, height))}, ${span("column", x, Math.min(x + grain, width))}`,
      value: cells[cell] ?? 0,
      error: cellErrors?.[cell] ?? null,
    };
  });
  const caption =
    grain === 1 ? `pixels of ${width}×${height}` : `cells of ${grain}×${grain} pixels in ${width}×${height}`;
  return { unit: grain === 1 ? "pixel" : "cell", caption, count: cells.length, top };
}

function textFeatures({ values, tokens, cellErrors }: TextAttribution, most: number): Features {
  const groups = tokenGroups(tokens);
  const sum = (numbers: ArrayLike<number>, { first, count }: TokenGroup) =>
    Array.from({ length: count }, (_, k) => numbers[first + k] ?? 0).reduce((total, value) => total + value, 0);
  const sums = groups.map((group) => sum(values, group));
  const top = ranked(sums, most).flatMap((index) => {
    const group = groups[index];
    if (group === undefined) return [];
    const place = `${JSON.stringify(group.text)} at ${group.first}`;
    const range = group.count > 1 ? `${place}–${group.first + group.count - 1}` : place;
    const kind = group.special === "none" ? "" : ` (${group.special})`;
    const error = cellErrors === null ? null : sum(cellErrors, group);
    return [{ place: range + kind, value: sums[index] ?? 0, error }];
  });
  return { unit: "token", caption: `tokens of ${values.length}`, count: groups.length, top };
}

interface TokenGroup {
  readonly text: string;
  readonly special: Token["special"];
  readonly first: number;
  count: number;
}

/** Padding that stands in a row is one entry: what matters of it is its sum. */
function tokenGroups(tokens: readonly Token[]): TokenGroup[] {
  const groups: TokenGroup[] = [];
  tokens.forEach(({ text, special }, first) => {
    const last = groups.at(-1);
    if (special === "pad" && last?.special === "pad") last.count++;
    else groups.push({ text, special, first, count: 1 });
  });
  return groups;
}

function tensorFeatures(attribution: TensorAttribution, most: number): Features {
  const { values, shape, names, cellErrors } = attribution;
  const top = ranked(values, most).map((index) => ({
    place: featureName(attribution, index),
    value: values[index] ?? 0,
    // Cells of a coarser grain have no place in a list of single values.
    error: cellErrors?.length === values.length ? (cellErrors[index] ?? null) : null,
  }));
  const caption = names === undefined ? `values of shape [${shape.join(", ")}]` : `columns of ${names.length}`;
  return { unit: "value", caption, count: values.length, top };
}
