import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { Audit, AuditProgress } from "../../protocol/audit.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import { auditTable } from "../auditTable.ts";
import { readExplainFlags } from "../explainFlags.ts";
import { explainRequest } from "../explainRequest.ts";
import { ProgressLine } from "../progressLine.ts";
import { auditSpec } from "./auditSpec.ts";
import type { ExplainEnvironment } from "./explain.ts";

/** Exit codes beside those of every command: a gradient is wrong, and nothing can be said. */
export const EXIT_GRADIENT_WRONG = 4;
export const EXIT_CANNOT_TELL = 5;

const exitCodes: Readonly<Record<Audit["verdict"], number>> = {
  confirmed: 0,
  wrong: EXIT_GRADIENT_WRONG,
  "not-located": EXIT_GRADIENT_WRONG,
  "cannot-tell": EXIT_CANNOT_TELL,
};

/** The part of the compute service that audits need. */
export interface Auditor {
  auditSample(
    request: ExplainRequest,
    options: { signal: AbortSignal; onProgress: (progress: AuditProgress) => void },
  ): Promise<Explanation>;
  audit(
    runId: string,
    options: { signal: AbortSignal; onProgress: (progress: AuditProgress) => void },
  ): Promise<Explanation>;
}

/**
 * Runs `pathlight audit`.
 *
 * @returns The exit code.
 * @throws PathlightError for bad input; nothing has been written then.
 */
export async function audit(args: readonly string[], environment: ExplainEnvironment): Promise<number> {
  const { terminal, signal } = environment;
  const flags = readExplainFlags(args, auditSpec);
  const { request, notes } = await explainRequest(flags, environment.folder);
  const out = resolve(environment.folder, flags.out);
  const { checkOutputFolder, writeAudit } = await import("../../compute/export/index.ts");
  await checkOutputFolder(out);
  for (const note of notes) terminal.err(`${note}\n`);

  const progress = new ProgressLine(terminal);
  // An audit computes on this thread.
  const auditor = await environment.createExplainer({ threads: 1 });
  try {
    const explanation = await auditor.auditSample(request, { signal, onProgress: (event) => progress.audit(event) });
    const found = explanation.audit;
    if (found === undefined) throw new PathlightError("internal", "The audit has no result.");
    const file = await writeAudit(out, explanation, request);
    progress.end();
    if (flags.json) terminal.out(await readFile(join(out, "audit.json"), "utf8"));
    else terminal.out(auditTable(explanation, found, file, terminal.outColours));
    return exitCodes[found.verdict];
  } finally {
    progress.end();
    await auditor.dispose();
  }
}
