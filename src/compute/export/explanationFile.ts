import { release } from "node:os";
import type { ExplainRequest } from "../../protocol/explain.ts";
import {
  type Attribution,
  type Explanation,
  type ExplanationFile,
  explanationFileSchema,
} from "../../protocol/explanation.ts";
import { version } from "../version.ts";

/** Attribution of one input of the model: float32, the shape of the input without the batch axis; one value a token for text. */
export interface AttributionTensor {
  readonly input: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export function attributionFileName(index: number): string {
  return `attributions-${index}.npy`;
}

/** Side in pixels of the cells that the error per feature was taken over; 1 where single values were read. */
export function grainOf(attributions: readonly Attribution[]): number {
  return Math.max(1, ...attributions.map((attribution) => (attribution.kind === "image" ? attribution.grain : 1)));
}

/** `explanation.json`: everything but the arrays, which stand in the `.npy` files that it names, and a token matrix. */
export function explanationFile(
  explanation: Explanation,
  tensors: readonly AttributionTensor[],
  request: ExplainRequest,
): ExplanationFile {
  const { attributions, path, runId: _runId, finishedAt, matrix: _matrix, ...rest } = explanation;
  return explanationFileSchema.parse({
    version: 1,
    ...rest,
    grain: grainOf(attributions),
    path: { alphas: [...path.alphas], scores: [...path.scores], worst: path.worst },
    attributions: tensors.map(({ input, shape }, index) => {
      const attribution = attributions[index];
      const windows = attribution?.kind === "text" ? attribution.windows : undefined;
      const names = attribution?.kind === "tensor" ? attribution.names : undefined;
      const file = attributionFileName(index);
      const known = { ...(names === undefined ? {} : { names }), ...(windows === undefined ? {} : { windows }) };
      return { input, shape: [...shape], file, ...known };
    }),
    provenance: {
      pathlight: version,
      request,
      finishedAt: finishedAt ?? new Date().toISOString(),
      platform: `${process.platform} ${process.arch} ${release()}`,
      node: process.version,
    },
  });
}
