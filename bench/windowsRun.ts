import { ExplainService } from "../src/compute/explainService.ts";
import { explainRequestSchema } from "../src/protocol/explain.ts";

/** One explanation in a process of its own, whose peak memory is then that of the explanation. Used by windows.ts. */
const [model, backend, text, overlap] = process.argv.slice(2);
const STEPS = 4;
const service = new ExplainService({ workers: { threads: 1 } });
const tokenizer = { type: "words", vocabulary: "vocab.txt", pattern: "\\S+" };
const request = explainRequestSchema.parse({
  model: {
    path: model,
    entry: { name: "bert", path: "model.onnx", inputs: [{ kind: "text", name: "input_ids", tokenizer, length: 512 }] },
    baseFolder: (model ?? "").replace(/[^/\\]*$/, ""),
  },
  samples: [{ sample: { kind: "file", path: text } }],
  settings: {
    ...{ backend, rule: "midpoint", steps: STEPS, target: { kind: "index", index: 0 } },
    long: { kind: "windows", overlap: Number(overlap) },
  },
});
const { attributions, evaluations, seconds } = await service.explain(request);
await service.dispose();
const [attribution] = attributions;
const windows = attribution?.kind === "text" ? (attribution.windows?.ranges.length ?? 1) : 0;
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ windows, seconds: seconds / evaluations, peakMegabytes }));
