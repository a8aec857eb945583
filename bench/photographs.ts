import { writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { ExplainService } from "../src/compute/explainService.ts";
import { backendPreferenceSchema, type ExplainRequest, settingsSchema } from "../src/protocol/explain.ts";
import type { Explanation } from "../src/protocol/explanation.ts";
import { manifestSchema } from "../src/protocol/manifest.ts";
import { measureGradient } from "./measureGradient.ts";
import type { BenchCell, BenchResult } from "./resultSchema.ts";

/**
 * MobileNetV2 on two photographs from two baselines, logit and softmax, at 5 % and then 1 %, on one backend; started by
 * run.ts in a process of its own, so that the peak of memory is that of the backend. With `--reference N` each path is
 * followed to N evaluations, and the errors of the earlier results are measured against that. With `--gradient` only the
 * cost of a gradient is measured.
 */

const root = path.resolve(import.meta.dirname, "..");
const modelPath = path.join(root, "test/fixtures/mobilenet-v2/model.json");
const GRAIN = 8;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      backend: { type: "string" },
      out: { type: "string" },
      reference: { type: "string" },
      quick: { type: "boolean", default: false },
      gradient: { type: "boolean", default: false },
    },
  });
  const backend = backendPreferenceSchema.parse(values.backend);
  const out = z.string().parse(values.out);
  const referenceEvaluations = values.reference === undefined ? null : Number(values.reference);
  const service = new ExplainService();
  const runs: BenchCell[] = [];
  const references: BenchCell[] = [];
  const photographs = values.gradient ? [] : values.quick ? ["astronaut"] : ["astronaut", "coffee"];
  const baselines = values.quick ? ["black"] : ["black", "grey"];
  for (const photograph of photographs) {
    for (const baseline of baselines) {
      for (const link of ["logit", "softmax"] as const) {
        const first = await service.explain(request(photograph, baseline, link, backend));
        runs.push(cell(first, photograph, baseline));
        const second = await service.refine(first.runId, 0.01, 512);
        runs.push(cell(second, photograph, baseline));
        if (referenceEvaluations !== null) {
          const reference = await service.refine(first.runId, 0.001, referenceEvaluations);
          references.push(cell(reference, photograph, baseline));
        }
        process.stderr.write(
          `${backend} ${photograph} ${baseline} ${link}: ${second.evaluations} evaluations, ${second.status}\n`,
        );
        service.release(first.runId);
      }
    }
  }
  const { forwardMs, gradientMs } = await measureGradient(service, modelPath, backend);
  await service.dispose();
  const result: BenchResult = {
    backend: `${backend}`,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    forwardMs,
    gradientMs,
    runs,
    references,
  };
  await writeFile(out, JSON.stringify(result));
}

function request(
  photograph: string,
  baseline: string,
  link: "logit" | "softmax",
  backend: z.output<typeof backendPreferenceSchema>,
): ExplainRequest {
  const { models } = manifestSchema.parse({
    models: [
      {
        name: "mobilenet-v2",
        path: "model.json",
        inputs: [{ kind: "image", fit: "crop", scale: [0, 1] }],
        labels: ["Drawing", "Hentai", "Neutral", "Porn", "Sexy"],
      },
    ],
  });
  const [entry] = models;
  const file = path.join(root, "test/fixtures/photographs", `${photograph}.png`);
  return {
    model: { path: modelPath, entry, baseFolder: path.dirname(modelPath) },
    samples: [{ sample: { kind: "file", path: file } }],
    settings: settingsSchema.parse({
      link,
      backend,
      baseline: { kind: "name", name: baseline },
      tolerance: 0.05,
      maxEvaluations: 512,
      grain: GRAIN,
    }),
  };
}

function cell(explanation: Explanation, photograph: string, baseline: string): BenchCell {
  const [attribution] = explanation.attributions;
  if (attribution?.kind !== "image") throw new Error("The explanation holds no picture.");
  const columns = Math.ceil(attribution.width / GRAIN);
  const cells = new Float64Array(columns * Math.ceil(attribution.height / GRAIN));
  for (const [index, value] of attribution.values.entries()) {
    const [x, y] = [index % attribution.width, Math.floor(index / attribution.width)];
    const place = Math.floor(y / GRAIN) * columns + Math.floor(x / GRAIN);
    cells[place] = (cells[place] ?? 0) + value;
  }
  return {
    photograph,
    baseline,
    link: explanation.target.link === "softmax" ? "softmax" : "logit",
    tolerance: explanation.tolerance,
    status: explanation.status,
    evaluations: explanation.evaluations,
    rounds: explanation.rounds,
    seconds: explanation.seconds,
    deltaF: explanation.deltaF,
    completeness: explanation.completenessError.relative ?? Number.NaN,
    stated: explanation.featureError ?? Number.NaN,
    cells: [...cells],
  };
}

await main();
