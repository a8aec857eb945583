import { join } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import { version } from "../version.ts";
import { type OutputFile, writeFilesAtomically } from "./atomicFiles.ts";

/** `audit.json`: what an audit has found, of what, and what it takes to repeat it. Throws `internal` where there is none. */
export function auditFile(explanation: Explanation, request: ExplainRequest): OutputFile {
  const { audit, model, sample, backend, target, baseline } = explanation;
  if (audit === undefined) throw new PathlightError("internal", "There is no audit to write.");
  const content = {
    version: 1,
    ...audit,
    model,
    sample,
    backend,
    target,
    baseline,
    provenance: { pathlight: version, request },
  };
  return { name: "audit.json", content: `${JSON.stringify(content, null, 2)}\n` };
}

/** Writes `audit.json` into a folder, whole or not at all; its path. */
export async function writeAudit(folder: string, explanation: Explanation, request: ExplainRequest): Promise<string> {
  await writeFilesAtomically(folder, [auditFile(explanation, request)]);
  return join(folder, "audit.json");
}
