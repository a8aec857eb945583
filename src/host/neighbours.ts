import { readdir } from "node:fs/promises";
import * as path from "node:path";
import { matchesGlob } from "../common/glob.ts";
import type { ExplainRequest } from "../protocol/explain.ts";
import { locateRows, rowKind } from "../protocol/rows.ts";
import { readDataText } from "./dataText.ts";
import { relativePath } from "./manifestEntry.ts";
import type { Neighbour } from "./panelLayers.ts";
import { sampleKindOf } from "./sampleKind.ts";
import { rowTarget } from "./sampleTargets.ts";
import type { Subject } from "./subject.ts";

/** One forward pass for each. */
const MOST_NEIGHBOURS = 256;

/** Files of the same kind beside a sample, of its data set where it is in one, in the order of their names. */
export async function siblingFiles(file: string, { model }: Pick<Subject, "model">): Promise<string[]> {
  const { dataset } = model;
  const base = model.ref.baseFolder;
  const folder = path.dirname(file);
  const kind = sampleKindOf(file);
  const names = (await readdir(folder)).sort().map((name) => path.join(folder, name));
  const inDataset = (candidate: string): boolean =>
    dataset === undefined || base === undefined || matchesGlob(relativePath(base, candidate), dataset.files);
  return names.filter((candidate) => sampleKindOf(candidate) === kind && inDataset(candidate));
}

/** At most `count` of them, spread over all. */
export function evenly<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return Array.from({ length: count }, (_unused, i) => all[Math.floor((i * all.length) / count)]).filter(
    (one) => one !== undefined,
  );
}

/**
 * The samples beside the one that is shown (`samples`: as it is asked about), itself among them: the rows of its file, or the files of its folder that
 * belong to its data set. None where the model reads several samples at once, or a text that stands in no file.
 */
export async function neighboursOf(
  subject: Pick<Subject, "model">,
  samples: ExplainRequest["samples"],
): Promise<readonly Neighbour[]> {
  const ref = samples[0]?.sample;
  if (samples.length !== 1 || ref?.kind !== "file") return [];
  const { row } = ref;
  if (row === undefined) {
    const files = await siblingFiles(ref.path, subject);
    return evenly(files, MOST_NEIGHBOURS).map((file) => ({
      title: path.basename(file),
      sample: { ...ref, path: file },
      isShown: file === ref.path,
    }));
  }
  const kind = rowKind(ref.path);
  const { rows } = kind === null ? { rows: [] } : locateRows((await readDataText(ref.path)).text, kind);
  return evenly([...rows.keys()], MOST_NEIGHBOURS).map((index) => ({
    title: rowTarget(ref.path, index).title,
    sample: { ...ref, row: index },
    isShown: index === row,
  }));
}
