import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { ExplainEvent, SequenceEvent, SequenceResult } from "../../protocol/compute.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import { matrixRowError } from "../../protocol/matrixRow.ts";
import type { TokenMatrix } from "../../protocol/tokenMatrix.ts";
import { relativeSumError } from "../../protocol/verdict.ts";
import { convertedModel } from "../convertedModel.ts";
import { readExplainFlags } from "../explainFlags.ts";
import { explainRequest } from "../explainRequest.ts";
import { ProgressLine } from "../progressLine.ts";
import { resultTable } from "../resultTable.ts";
import type { Terminal } from "../terminal.ts";
import type { Auditor } from "./audit.ts";

/** Exit code when the completeness error is above `--fail-above`. */
export const EXIT_NOT_COMPLETE = 3;

/** The part of the compute service that the command needs. */
export interface Explainer extends Auditor {
  explain(
    request: ExplainRequest,
    options: { signal: AbortSignal; emit: (event: ExplainEvent) => void },
  ): Promise<Explanation>;
  explainSequence(
    request: ExplainRequest,
    options: { signal: AbortSignal; emit: (event: SequenceEvent) => void },
  ): Promise<SequenceResult>;
  tokenPairs(
    runId: string,
    options: { signal: AbortSignal; onProgress: (evaluations: number) => void },
  ): Promise<Explanation>;
  attributionTensors(runId: string): readonly { input: string; shape: readonly number[]; data: Float32Array }[];
  dispose(): void | Promise<void>;
}

export interface ExplainEnvironment {
  readonly terminal: Terminal;
  readonly folder: string;
  readonly signal: AbortSignal;
  /** `threads`: what WebAssembly may compute on; undefined: a matter of the cores. */
  createExplainer(options: { readonly threads: number | undefined }): Promise<Explainer>;
}

/**
 * Runs `pathlight explain`.
 *
 * @returns The exit code.
 * @throws PathlightError for bad input; nothing has been written then.
 */
export async function explain(args: readonly string[], environment: ExplainEnvironment): Promise<number> {
  const { terminal, signal } = environment;
  const flags = readExplainFlags(args);
  const asked = resolve(environment.folder, flags.model);
  const converted = flags.convert ? await convertedModel(asked, environment) : asked;
  const { request, notes } = await explainRequest(
    converted === asked ? flags : { ...flags, model: converted },
    environment.folder,
  );
  const out = resolve(environment.folder, flags.out);
  const { checkOutputFolder, exportAll } = await import("../../compute/export/index.ts");
  await checkOutputFolder(out);
  for (const note of notes) terminal.err(`${note}\n`);

  const progress = new ProgressLine(terminal);
  const explainer = await environment.createExplainer({ threads: flags.threads });
  try {
    let explanation = await explainer.explain(request, { signal, emit: (event) => progress.event(event) });
    if (signal.aborted || explanation.status === "cancelled") throw new PathlightError("cancelled", "Cancelled.");
    if (explanation.status === "suspect-gradient") {
      // Which gradient it is, is the next question.
      explanation = await explainer.audit(explanation.runId, { signal, onProgress: (event) => progress.audit(event) });
    }
    const tensors = explainer.attributionTensors(explanation.runId);
    if (explanation.produced !== undefined) {
      const { matrix } = await explainer.explainSequence(request, {
        signal,
        emit: (event) => progress.sequence(event),
      });
      explanation = { ...explanation, matrix };
    }
    if (flags.pairs) {
      explanation = await explainer.tokenPairs(explanation.runId, {
        signal,
        onProgress: (evaluations) => progress.pairs(evaluations),
      });
    }
    await exportAll(out, { explanation, tensors, request }, signal);
    progress.end();
    const files = { report: join(out, "report.html"), folder: out };
    if (flags.json) terminal.out(await readFile(join(out, "explanation.json"), "utf8"));
    else terminal.out(resultTable(explanation, files, terminal.outColours));
    return exitCode(explanation, flags.failAbove, terminal);
  } finally {
    progress.end();
    await explainer.dispose();
  }
}

function exitCode(explanation: Explanation, failAbove: number | undefined, terminal: Terminal): number {
  if (failAbove === undefined) return 0;
  const error = relativeSumError(explanation);
  const row = explanation.matrix === undefined ? null : rowAbove(explanation.matrix, failAbove);
  if (row !== null) {
    terminal.err(`pathlight: The completeness error of ${row} is above --fail-above ${failAbove}.\n`);
    return EXIT_NOT_COMPLETE;
  }
  if (error <= failAbove) return 0;
  const of = explanation.completenessError.relative === null ? "of the map, ΔF being 0," : "of ΔF";
  terminal.err(`pathlight: The completeness error ${error.toPrecision(3)} ${of} is above --fail-above ${failAbove}.\n`);
  return EXIT_NOT_COMPLETE;
}

/** The first row of a matrix that misses its score change by more than that; relative to what the row weighs where it is 0. */
function rowAbove(matrix: TokenMatrix, failAbove: number): string | null {
  const row = matrix.rowFigures.findIndex(
    (figures, at) => figures !== null && matrixRowError(matrix, at, figures) > failAbove,
  );
  return row < 0 ? null : `token ${row + 1} (${JSON.stringify(matrix.rows[row]?.text ?? "")})`;
}
