import { PathlightError } from "../../common/errors.ts";
import type { SequenceEvent, SequenceResult } from "../../protocol/compute.ts";
import type { ExplainRequest } from "../../protocol/explain.ts";
import type { Explanation, Produced } from "../../protocol/explanation.ts";
import type { RunPlan } from "../runPlan.ts";
import type { Generation } from "./generation.ts";
import { SequenceMatrix } from "./sequenceMatrix.ts";

/** Of a text that is explained token by token. */
export interface SequenceCallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly emit?: ((event: SequenceEvent) => void) | undefined;
}

/** One token's explanation before it is computed. */
export interface PreparedRow {
  readonly plan: RunPlan;
  explain(): Promise<Explanation>;
}

/**
 * Explains every token of the text that a model writes, each as it would be by itself. `prepare` makes a token's
 * explanation ready; it is told how many tokens have been written meanwhile. Throws `usage` for a model that writes none.
 */
export async function explainSequence(
  request: ExplainRequest,
  generation: Generation | null,
  prepare: (row: ExplainRequest, onToken: (count: number) => void) => Promise<PreparedRow>,
  emit: SequenceCallOptions["emit"],
): Promise<SequenceResult> {
  const report = (message: string): void => emit?.({ type: "stage", message });
  const start = performance.now();
  if (generation === null) throw writesNothing(request.model.path);
  let matrix: SequenceMatrix | undefined;
  let produced: Produced | undefined;
  for (let row = 0; row < (produced?.tokens.length ?? 1); row++) {
    const prepared = await prepare(rowRequest(request, row), (count) =>
      report(`Writing: ${count} ${count === 1 ? "token" : "tokens"}`),
    );
    produced = prepared.plan.produced;
    matrix ??= new SequenceMatrix(generation, prepared.plan);
    const of = produced?.tokens.length ?? 0;
    report(`Explaining token ${row + 1} of ${of}`);
    matrix.add(row, await prepared.explain());
    emit?.({ type: "matrix", matrix: matrix.matrix(), done: row + 1, of });
  }
  if (matrix === undefined || produced === undefined) throw writesNothing(request.model.path);
  return { produced, matrix: matrix.matrix(), seconds: (performance.now() - start) / 1000 };
}

/** The same question about another written token. */
function rowRequest(request: ExplainRequest, index: number): ExplainRequest {
  return { ...request, settings: { ...request.settings, target: { kind: "index", index } } };
}

function writesNothing(path: string): PathlightError {
  return new PathlightError("usage", "The model writes no text that Pathlight knows of.", {
    file: path,
    expected: "`generate` in the model's entry in pathlight.json",
    found: "none",
    whatToDo: "Describe there how the model writes; see docs/sequences.md.",
  });
}
