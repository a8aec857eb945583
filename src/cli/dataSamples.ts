import { columnSamples } from "../protocol/columnSamples.ts";
import type { SampleRef } from "../protocol/explain.ts";
import { isFileModel } from "../protocol/readsWholeFiles.ts";
import { rowKind } from "../protocol/rows.ts";
import { readRows } from "../samples/index.ts";
import type { ModelChoice } from "./modelChoice.ts";
import { datasetFiles } from "./samplesForMean.ts";

/**
 * Samples of the data set that the sample is in, at most `most`, evenly from the first to the last; of data files their
 * rows. None where there is no data set.
 */
export async function dataSamples(
  { dataset, model }: ModelChoice,
  most: number,
  signal: AbortSignal,
): Promise<SampleRef[]> {
  if (dataset === undefined) return [];
  const wholeFiles = model.entry !== undefined && isFileModel(model.entry);
  const places: { readonly path: string; readonly row?: number }[] = [];
  for (const path of await datasetFiles(dataset)) {
    if (wholeFiles || rowKind(path) === null) places.push({ path });
    else for await (const { row } of readRows(path, signal)) places.push({ path, row });
  }
  const count = Math.min(most, places.length);
  const { label, text } = dataset.spec;
  return Array.from({ length: count }, (_, k): SampleRef => {
    const at = count === 1 ? 0 : Math.round((k * (places.length - 1)) / (count - 1));
    const { path = "", row } = places[at] ?? {};
    if (row === undefined) return { kind: "file", path };
    const sample: SampleRef = { kind: "file", path, row, ...(label === undefined ? {} : { labelColumn: label }) };
    return columnSamples(sample, text)[0]?.sample ?? sample;
  });
}
