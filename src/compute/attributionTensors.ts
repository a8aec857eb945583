import { sumByCell } from "../engine/grain.ts";
import type { Integration } from "../engine/integration.ts";
import { grainOf, type RunPlan } from "./runPlan.ts";

/** Attributions of one explained input: float32, the shape of that input without the batch axis; one value a token for text. */
export interface AttributionTensor {
  readonly input: string;
  readonly shape: number[];
  readonly data: Float32Array;
}

export function attributionTensors(plan: RunPlan, integration: Integration): AttributionTensor[] {
  let offset = 0;
  return plan.explained.map((explained) => {
    const values = integration.attributions.subarray(offset, offset + explained.x.length);
    offset += explained.x.length;
    const inEmbedding = explained.node !== explained.input;
    return {
      input: explained.input,
      shape: [...explained.prepared.tensor.shape],
      data: Float32Array.from(inEmbedding ? sumByCell(grainOf(explained, 1), values) : values),
    };
  });
}
