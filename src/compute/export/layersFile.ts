import { join } from "node:path";
import type { ExplainRequest } from "../../protocol/explain.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import type { Conservation } from "../../protocol/neurons.ts";
import { version } from "../version.ts";
import { writeFilesAtomically } from "./atomicFiles.ts";

/** `layers.json` as text: what every layer carries of the change of the score. */
export function layersText(conservation: Conservation, explanation: Explanation, request: ExplainRequest): string {
  const { runId: _, ...found } = conservation;
  const { model, sample, backend, target, baseline, score, completenessError, featureError } = explanation;
  const content = {
    version: 1,
    ...{ model, sample, backend, target, baseline, score, completenessError, featureError },
    ...found,
    provenance: { pathlight: version, request },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Writes `layers.json` into a folder, whole or not at all; its path. */
export async function writeLayers(folder: string, text: string): Promise<string> {
  await writeFilesAtomically(folder, [{ name: "layers.json", content: text }]);
  return join(folder, "layers.json");
}
