import { join } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import { type AblateParams, type AblationResult, ablationFileSchema } from "../../protocol/neurons.ts";
import { version } from "../version.ts";
import { writeFilesAtomically } from "./atomicFiles.ts";
import type { AttributionTensor } from "./explanationFile.ts";
import { exportAll } from "./exportAll.ts";

export interface AblationExport {
  readonly result: AblationResult;
  readonly request: ExplainRequest;
  readonly params: Omit<AblateParams, "runId">;
  /** Attributions in the shapes of the model's inputs; null where a run is no longer kept. */
  readonly tensors: (explanation: Explanation) => readonly AttributionTensor[] | null;
}

/**
 * Writes `ablation.json` into a folder, and what `exportAll` writes of the run as it is and without the neurons into its
 * folders `before` and `after`. Each file appears whole or not at all.
 *
 * @returns The path of `ablation.json`.
 */
export async function exportAblation(
  folder: string,
  { result, request, params, tensors }: AblationExport,
  signal?: AbortSignal,
): Promise<string> {
  const { explanations, runId: _, ...measured } = result;
  if (explanations === null) throw new PathlightError("internal", "There is no attribution to write.");
  const { before, after } = explanations;
  const brief = ({ score, deltaF, sum, completenessError, evaluations, status }: Explanation, name: string) => {
    return { score, deltaF, sum, completenessError, evaluations, status, folder: name };
  };
  const { model, sample, backend, target, baseline } = before;
  const content = ablationFileSchema.parse({
    version: 1,
    ...measured,
    ...{ model, sample, backend, target, baseline },
    explanations: { before: brief(before, "before"), after: brief(after, "after") },
    provenance: { pathlight: version, request, params },
  });
  for (const [name, explanation] of [
    ["before", before],
    ["after", after],
  ] as const) {
    await exportAll(join(folder, name), { explanation, request, tensors: tensors(explanation) }, signal);
  }
  await writeFilesAtomically(folder, [{ name: "ablation.json", content: `${JSON.stringify(content, null, 2)}\n` }]);
  return join(folder, "ablation.json");
}
