import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { availableBackends } from "../../src/backend/index.ts";
import { ExplainService } from "../../src/compute/explainService.ts";
import { explainRequestSchema } from "../../src/protocol/explain.ts";
import type { Link } from "../../src/protocol/manifest.ts";
import { npyBytes, readNpy } from "../../src/samples/index.ts";
import { temporaryFolder } from "../unit/models/modelFiles.ts";

/**
 * Attributions at tolerance 1 % against float64 references, on every backend that this machine has. The bounds on
 * evaluations, median and 95th percentile, are what bisection with reuse is known to need on a small ReLU network.
 */

const folder = fileURLToPath(new URL("../fixtures/oracle/", import.meta.url));
const metaSchema = z.object({ samples: z.array(z.object({ sample: z.int(), target: z.int() })) });

interface Case {
  readonly set: "digits" | "text";
  /** In the folder of the set. */
  readonly model: string;
  /** Axes of the model's input where they are others than the sample's; the values stand in the same order. */
  readonly shape?: readonly number[];
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
    model: "model/model.json",
    link: "logit",
    input: (n) => `x${n}.npy`,
    reference: (n) => `ig_logit_${n}.npy`,
    baseline: "zeros",
    evaluations: { median: 31, p95: 55 },
  },
  {
    set: "digits",
    model: "model/model.json",
    link: "softmax",
    input: (n) => `x${n}.npy`,
    reference: (n) => `ig_softmax_${n}.npy`,
    baseline: "zeros",
    evaluations: { median: 39, p95: 55 },
  },
  {
    set: "text",
    model: "model/model.json",
    link: "logit",
    input: (n) => `ids${n}.npy`,
    reference: (n) => `tokens_${n}.npy`,
    baseline: "zero-embedding",
    evaluations: { median: 17, p95: 23 },
  },
  {
    set: "text",
    model: "model/model.json",
    link: "softmax",
    input: (n) => `ids${n}.npy`,
    reference: null,
    baseline: "zero-embedding",
    evaluations: { median: 17, p95: 23 },
  },
];

/** The same network from an ONNX file, channels first: the same references, the same bounds. */
const onnxCases: readonly Case[] = cases
  .filter(({ set }) => set === "digits")
  .map((each) => ({ ...each, model: "model.onnx", shape: [1, 8, 8] }));

/** Σ|a − b| / Σ|b| */
function relativeL1(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [off, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    off += Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    size += Math.abs(b[i] ?? Number.NaN);
  }
  return off / size;
}

/** The sample's file, or a copy with other axes. */
async function sampleFile(file: string, shape: readonly number[] | undefined): Promise<string> {
  if (shape === undefined) return file;
  const copy = join(temporaryFolder(), basename(file));
  writeFileSync(copy, npyBytes(shape, (await readNpy(file)).data));
  return copy;
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

/** Expressions whose attributions are so many times those of a reference. */
const expressions: readonly (readonly [(target: number) => string, string, number])[] = [
  [(target) => `3 * logit[${target}] + 2`, "logit", 3],
  [(target) => `softmax(logit)[${target}] / 2`, "softmax", 0.5],
  [(target) => `logit[${target}] - logit[${(target + 1) % 10}] + logit[${(target + 1) % 10}]`, "logit", 1],
];

for (const backend of backends) {
  test(`digits: target expressions against the references on ${backend}`, async () => {
    const service = new ExplainService();
    const set = join(folder, "digits");
    const attributionsOf = async (sample: number, expression: string, tolerance: number): Promise<Float32Array> => {
      const explanation = await service.explain(
        explainRequestSchema.parse({
          model: { path: join(set, "model/model.json") },
          samples: [{ sample: { kind: "file", path: join(set, `x${sample}.npy`) } }],
          settings: { target: { kind: "expression", expression }, tolerance, backend },
        }),
      );
      assert.equal(explanation.status, "converged", expression);
      assert.ok((explanation.completenessError.relative ?? Number.NaN) <= tolerance, expression);
      const [tensor] = service.attributionTensors(explanation.runId);
      service.release(explanation.runId);
      assert.ok(tensor !== undefined);
      return tensor.data;
    };
    try {
      const { samples } = metaSchema.parse(JSON.parse(readFileSync(join(set, "meta.json"), "utf8")));
      for (const { sample, target } of samples.slice(0, 4)) {
        for (const [expression, link, factor] of expressions) {
          const reference = await readNpy(join(set, `ig_${link}_${sample}.npy`));
          const expected = Array.from(reference.data, (value) => factor * value);
          const error = relativeL1(await attributionsOf(sample, expression(target), 0.01), expected);
          assert.ok(error <= 0.015, `${expression(target)} of sample ${sample} is off by ${error}`);
        }
        // IG is linear in F: what a difference gives is the reference less the other logit's own.
        const other = (target + 3) % 10;
        const reference = await readNpy(join(set, `ig_logit_${sample}.npy`));
        const others = await attributionsOf(sample, `logit[${other}]`, 0.002);
        const expected = Array.from(reference.data, (value, i) => value - (others[i] ?? Number.NaN));
        const error = relativeL1(await attributionsOf(sample, `logit[${target}] - logit[${other}]`, 0.01), expected);
        assert.ok(error <= 0.02, `the difference for sample ${sample} is off by ${error}`);
      }
    } finally {
      await service.dispose();
    }
  });

  for (const { set, model, shape, link, input, reference, baseline, evaluations } of [...cases, ...onnxCases]) {
    test(`${set}/${model} ${link} on ${backend}`, async (context) => {
      const service = new ExplainService();
      try {
        const { samples } = metaSchema.parse(JSON.parse(readFileSync(join(folder, set, "meta.json"), "utf8")));
        const counts: number[] = [];
        const errors: number[] = [];
        for (const { sample, target } of samples) {
          const explanation = await service.explain(
            explainRequestSchema.parse({
              model: { path: join(folder, set, model) },
              samples: [{ sample: { kind: "file", path: await sampleFile(join(folder, set, input(sample)), shape) } }],
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
            assert.deepEqual(tensor?.shape, shape ?? expected.shape);
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
