import { ExplainService } from "../src/compute/explainService.ts";
import { explainRequestSchema } from "../src/protocol/explain.ts";

/** One explanation in a process of its own, whose peak memory is then that of the explanation. Used by transformer.ts. */
const [model, backend, ids, mask, types] = process.argv.slice(2);
const service = new ExplainService();
const { evaluations, status, completenessError, seconds } = await service.explain(
  explainRequestSchema.parse({
    model: { path: model },
    samples: [
      { input: "input_ids", sample: { kind: "file", path: ids } },
      { input: "attention_mask", sample: { kind: "file", path: mask } },
      { input: "token_type_ids", sample: { kind: "file", path: types } },
    ],
    settings: { backend, tolerance: 0.05, target: { kind: "index", index: 0 } },
  }),
);
await service.dispose();
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ evaluations, status, completeness: completenessError.relative, seconds, peakMegabytes }));
