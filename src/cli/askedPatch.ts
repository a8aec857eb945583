import type { ExplainedInput } from "../compute/runPlan.ts";
import type { Patch } from "../protocol/neurons.ts";
import { numberList } from "./neuronList.ts";
import { closest } from "./suggestion.ts";
import { usageError } from "./usageError.ts";

/** A patch as it was asked for: `--features` can name columns, which only the sample tells. */
export type AskedPatch = Patch | { readonly name: string; readonly features: string };

/** Longest list of columns in a message. */
const MOST_LISTED = 300;

/**
 * The patch of the sample that was asked for. A part of `--features` that is the name of a column is that column, else it
 * is a place or a range of places.
 *
 * @throws PathlightError `usage` for a column that is not there.
 */
export function patchOf(asked: AskedPatch, explained: readonly Pick<ExplainedInput, "prepared">[]): Patch {
  if ("region" in asked) return asked;
  const prepared = explained[0]?.prepared;
  const names = prepared?.kind === "tensor" ? (prepared.names ?? []) : [];
  const features = asked.features.split(",").flatMap((part): number[] => {
    const wanted = part.trim();
    const at = names.indexOf(wanted);
    const found = at >= 0 ? [at] : numberList(wanted);
    if (found !== null) return found;
    throw wrongFeature(wanted, names);
  });
  return { name: asked.name, region: { kind: "features", features } };
}

function wrongFeature(wanted: string, names: readonly string[]): Error {
  if (names.length === 0) {
    return usageError("--features does not fit: the values of this sample have no names.", {
      expected: "places from 0, and ranges such as 3-7 or 0,4,5",
      found: `"${wanted}"`,
    });
  }
  const near = closest(wanted, names);
  return usageError(`--features does not fit: no feature is called "${wanted}".`, {
    expected: `${names.join(", ").slice(0, MOST_LISTED)}, or places from 0 to ${names.length - 1}`,
    found: `"${wanted}"`,
    ...(near === undefined ? {} : { whatToDo: `Did you mean ${near}?` }),
  });
}
