import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { throwIfCancelled } from "../../common/cancellation.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import type { Attribution, Explanation } from "../../protocol/explanation.ts";
import { npyBytes } from "../../samples/index.ts";
import { writeFilesAtomically } from "./atomicFiles.ts";
import { auditFile } from "./auditFile.ts";
import { type AttributionTensor, attributionFileName, explanationFile } from "./explanationFile.ts";
import { matrixFileNames, matrixFiles } from "./matrixFile.ts";
import { reportHtml } from "./report.ts";
import { reportPicture } from "./reportPicture.ts";

export interface ExportContent {
  readonly explanation: Explanation;
  readonly request: ExplainRequest;
  /**
   * Attributions in the shapes of the model's inputs. Null where the run is no longer kept: then what is shown is
   * written, which for pictures is the sum over the channels, [height, width].
   */
  readonly tensors: readonly AttributionTensor[] | null;
}

/**
 * Writes `explanation.json`, `attributions-K.npy`, `report.html` and, where there is one, `audit.json` into a folder, which is made where it is missing.
 * Each file appears whole or not at all; what was there under these names is replaced.
 *
 * @returns The paths of the files.
 * @throws PathlightError `usage` when the folder cannot be written, `cancelled`.
 */
export async function exportAll(folder: string, content: ExportContent, signal?: AbortSignal): Promise<string[]> {
  const { explanation, request } = content;
  const tensors = content.tensors ?? explanation.attributions.map(shownTensor);
  const file = explanationFile(explanation, tensors, request);
  const report = await reportHtml(explanation, await reportPicture(explanation, signal));
  const matrix = matrixFiles(explanation);
  throwIfCancelled(signal);
  const written = await writeFilesAtomically(folder, [
    { name: "explanation.json", content: `${JSON.stringify(file, null, 2)}\n` },
    ...tensors.map(({ shape, data }, index) => ({ name: attributionFileName(index), content: npyBytes(shape, data) })),
    { name: "report.html", content: report },
    ...matrix,
    ...(explanation.audit === undefined ? [] : [auditFile(explanation, request)]),
  ]);
  await removeLeftovers(
    folder,
    tensors.length,
    matrix.map(({ name }) => name),
  );
  return written;
}

function shownTensor(attribution: Attribution): AttributionTensor {
  const shape = attribution.kind === "image" ? [attribution.height, attribution.width] : attribution.shape;
  return { input: attribution.input, shape, data: attribution.values };
}

/** An earlier export of a model with more inputs, or of one that writes, must not look like part of this one. */
async function removeLeftovers(folder: string, count: number, kept: readonly string[]): Promise<void> {
  for (const name of await readdir(folder)) {
    if (matrixFileNames.includes(name) && !kept.includes(name)) await rm(join(folder, name), { force: true });
    const index = /^attributions-(\d+)\.npy$/.exec(name)?.[1];
    if (index !== undefined && Number(index) >= count) await rm(join(folder, name), { force: true });
  }
}
