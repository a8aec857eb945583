import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { availableBackends } from "../../src/backend/index.ts";
import { ExplainService } from "../../src/compute/explainService.ts";
import { explainRequestSchema } from "../../src/protocol/explain.ts";
import type { Link } from "../../src/protocol/manifest.ts";
import { readNpy } from "../../src/samples/index.ts";

/**
 * Attributions at tolerance 1 % against float64 references, on every backend that this machine has. The bounds on
 * evaluations, median and 95th percentile, are what bisection with reuse is known to need on a small ReLU network.
 */

const folder = fileURLToPath(new URL("../fixtures/oracle/", import.meta.url));
const metaSchema = z.object({ samples: z.array(z.object({ sample: z.int(), target: z.int() })) });

interface Case {
  readonly set: "digits" | "text";
  readonly link: Link;
  readonly input: (sample: number) => string;
  /** Null where there is no reference: then only the sum is held against the score. */
  readonly reference: ((sample: number) => string) | null;
  readonly baseline: "zeros" | "zero-embedding";
  readonly evaluations: { readonly median: number; readonly p95: number };
}

const cases: readonly Case[] = [
  {
    set: "digits",
    link: "logit",
    input: (n) => `x${n}.npy`,
    reference: (n) => `ig_logit_${n}.npy`,
    baseline: "zeros",
    evaluations: { median: 31, p95: 55 },
  },
  {
    set: "digits",
    link: "softmax",
    input: (n) => `x${n}.npy`,
    reference: (n) => `ig_softmax_${n}.npy`,
    baseline: "zeros",
    evaluations: { median: 39, p95: 55 },
  },
  {
    set: "text",
    link: "logit",
    input: (n) => `ids${n}.npy`,
    reference: (n) => `tokens_${n}.npy`,
    baseline: "zero-embedding",
    evaluations: { median: 17, p95: 23 },
  },
  {
    set: "text",
    link: "softmax",
    input: (n) => `ids${n}.npy`,
    reference: null,
    baseline: "zero-embedding",
    evaluations: { median: 17, p95: 23 },
  },
];

/** Σ|a − b| / Σ|b| */
function relativeL1(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [off, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    off += Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    size += Math.abs(b[i] ?? Number.NaN);
  }
  return off / size;
}

/** Nearest rank. */
function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle - 0.5)] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

const backends = await availableBackends();

test("WebAssembly and plain JavaScript are always there", () => {
  assert.ok(backends.includes("wasm") && backends.includes("cpu"), backends.join(", "));
});

for (const backend of backends) {
  for (const { set, link, input, reference, baseline, evaluations } of cases) {
    test(`${set} ${link} on ${backend}`, async (context) => {
      const service = new ExplainService();
      try {
        const { samples } = metaSchema.parse(JSON.parse(readFileSync(join(folder, set, "meta.json"), "utf8")));
        const counts: number[] = [];
        const errors: number[] = [];
        for (const { sample, target } of samples) {
          const explanation = await service.explain(
            explainRequestSchema.parse({
              model: { path: join(folder, set, "model/model.json") },
              samples: [{ sample: { kind: "file", path: join(folder, set, input(sample)) } }],
              settings: {
                target: { kind: "index", index: target },
                link,
                baseline: { kind: "name", name: baseline },
                tolerance: 0.01,
                backend,
              },
            }),
          );
          assert.equal(explanation.backend.name, backend);
          assert.equal(explanation.status, "converged");
          assert.ok((explanation.completenessError.relative ?? Number.NaN) <= 0.01, `completeness of sample ${sample}`);
          const [tensor] = service.attributionTensors(explanation.runId);
          if (reference !== null) {
            const expected = await readNpy(join(folder, set, reference(sample)));
            assert.deepEqual(tensor?.shape, expected.shape);
            const error = relativeL1(tensor?.data ?? [], expected.data);
            assert.ok(error <= 0.015, `sample ${sample} is off by ${error}`);
            errors.push(error);
          }
          counts.push(explanation.evaluations);
          service.release(explanation.runId);
        }
        context.diagnostic(
          `evaluations ${median(counts)} median, ${percentile(counts, 0.95)} p95${errors.length === 0 ? "" : `; true error ${percentile(errors, 0.5).toExponential(1)} median, ${Math.max(...errors).toExponential(1)} worst`}`,
        );
        assert.ok(median(counts) <= evaluations.median, `median of ${counts.join(", ")}`);
        assert.ok(percentile(counts, 0.95) <= evaluations.p95, `95th percentile of ${counts.join(", ")}`);
      } finally {
        await service.dispose();
      }
    });
  }
}
