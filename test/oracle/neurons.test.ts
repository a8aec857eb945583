import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { availableBackends } from "../../src/backend/index.ts";
import { rankByStrength } from "../../src/common/mapLayout.ts";
import { ExplainService } from "../../src/compute/explainService.ts";
import { neuronDetail } from "../../src/compute/neurons/neuronDetail.ts";
import { computeNeuronSources } from "../../src/compute/neurons/neuronSourcesRun.ts";
import { computeNeurons } from "../../src/compute/neurons/neuronsRun.ts";
import { explainRequestSchema } from "../../src/protocol/explain.ts";
import type { Link } from "../../src/protocol/manifest.ts";
import {
  type NeuronDetail,
  type NeuronSources,
  type Neurons,
  neuronSourcesParamsSchema,
  neuronsParamsSchema,
} from "../../src/protocol/neurons.ts";
import { npyBytes, readNpy } from "../../src/samples/index.ts";
import { temporaryFolder } from "../unit/models/modelFiles.ts";

/**
 * What the four quadrants of a digit give to every unit of two layers, and what they give to single neurons by themselves, at tolerance 1 %, against references computed in
 * float64 outside of TensorFlow, on every backend that this machine has: from the tfjs model, and from the same network as
 * ONNX, whose feature maps have their channels first.
 */

const folder = fileURLToPath(new URL("../fixtures/oracle/digits/", import.meta.url));
const metaSchema = z.object({ samples: z.array(z.object({ sample: z.int(), target: z.int() })) });
const { samples } = metaSchema.parse(JSON.parse(readFileSync(join(folder, "meta.json"), "utf8")));

interface Subject {
  readonly model: string;
  /** Axes of the sample where they are others than the file's. */
  readonly shape: readonly number[] | null;
  /** Names of the layers that the references call so. */
  readonly layers: Readonly<Record<"relu2" | "relu3", string>>;
  /** Shape of relu2 and the axis of its channels. */
  readonly maps: { readonly shape: readonly number[]; readonly axis: number };
}

const subjects: readonly Subject[] = [
  {
    model: "model/model.json",
    shape: null,
    layers: { relu2: "relu2", relu3: "relu3" },
    maps: { shape: [4, 4, 32], axis: 2 },
  },
  {
    model: "model.onnx",
    shape: [1, 8, 8],
    layers: { relu2: "/4/Relu_output_0", relu3: "/8/Relu_output_0" },
    maps: { shape: [32, 4, 4], axis: 0 },
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

async function ask(
  service: ExplainService,
  { model, shape }: Subject,
  question: { sample: number; target: number; link: Link; layer: string; backend: string },
): Promise<{ neurons: Neurons; details: NeuronDetail[]; sources: NeuronSources[] }> {
  const { sample, target, link, layer, backend } = question;
  let path = join(folder, `x${sample}.npy`);
  if (shape !== null) {
    const copy = join(temporaryFolder(), `x${sample}.npy`);
    writeFileSync(copy, npyBytes(shape, (await readNpy(path)).data));
    path = copy;
  }
  const runId = await service.openRun(
    explainRequestSchema.parse({
      model: { path: join(folder, model) },
      samples: [{ sample: { kind: "file", path } }],
      settings: { target: { kind: "index", index: target }, link, tolerance: 0.01, backend },
    }),
  );
  const params = neuronsParamsSchema.parse({ runId, layer: [layer], grid: { rows: 2, columns: 2 } });
  return service.withRun(runId, {}, async (run, { loaded }) => {
    const neurons = await computeNeurons(run, loaded.model, params);
    const count = neurons.conductance.length;
    const details = Array.from({ length: count }, (_, neuron) => neuronDetail(run, layer, neuron));
    const strongest = rankByStrength(neurons.conductance).order.subarray(0, 4);
    const sources: NeuronSources[] = [];
    for (const neuron of strongest) {
      const one = { ...params, node: layer, neuron };
      sources.push(await computeNeuronSources(run, loaded.model, neuronSourcesParamsSchema.parse(one)));
    }
    service.release(runId);
    return { neurons, details, sources };
  });
}

for (const backend of await availableBackends()) {
  for (const subject of subjects) {
    test(`quadrants of digits to the neurons of ${subject.model} on ${backend}`, async (context) => {
      const service = new ExplainService();
      const worst = {
        channel: 0,
        place: 0,
        partition: 0,
        conservation: 0,
        evaluations: 0,
        sources: 0,
        sourcesEvaluations: 0,
      };
      try {
        for (const link of ["logit", "softmax"] as const) {
          for (const name of ["relu2", "relu3"] as const) {
            for (const { sample, target } of samples.slice(0, 3)) {
              const layer = subject.layers[name];
              const { neurons, details, sources } = await ask(service, subject, {
                sample,
                target,
                link,
                layer,
                backend,
              });
              const where = `${name}, ${link}, sample ${sample}`;
              assert.equal(neurons.status, "converged", where);
              assert.equal(neurons.derivatives.method, "double-vjp");
              assert.equal(neurons.derivatives.disagreement, null, where);
              assert.ok(neurons.conservation.isCut && neurons.conservation.bypass === null, where);
              assert.ok((neurons.featureError ?? 1) <= 0.01, where);
              assert.ok(neurons.partition.residual <= 0.01, `${where}: ${neurons.partition.residual}`);
              assert.ok(neurons.conservation.residual <= 0.01, `${where}: ${neurons.conservation.residual}`);
              const [node] = neurons.nodes;
              if (name === "relu2")
                assert.deepEqual([node?.shape, node?.axis], [subject.maps.shape, subject.maps.axis]);
              const reference = await readNpy(join(folder, `patch_${name}_${link}_${sample}.npy`));
              const width = reference.data.length / 4;
              const count = details.length;
              const sum = new Float64Array(count);
              const quadrants: Float64Array[] = [];
              for (let patch = 0; patch < 4; patch++) {
                // The reference has its channels last; a detail has the places of one channel.
                const truth = reference.data.subarray(patch * width, (patch + 1) * width);
                const byChannel = new Float64Array(count);
                for (const [i, value] of truth.entries()) byChannel[i % count] = (byChannel[i % count] ?? 0) + value;
                for (const [j, value] of byChannel.entries()) sum[j] = (sum[j] ?? 0) + value;
                quadrants.push(byChannel);
                const found = neurons.values.subarray(patch * count, (patch + 1) * count);
                const channel = relativeL1(found, byChannel);
                assert.ok(channel <= 0.02, `${where}: quadrant ${patch} is off by ${channel}`);
                const places = width / count;
                const everyPlace = Array.from(truth, (_, i) => {
                  return details[i % count]?.values[patch * places + Math.floor(i / count)] ?? Number.NaN;
                });
                const place = relativeL1(everyPlace, truth);
                assert.ok(place <= 0.02, `${where}: quadrant ${patch} is off by ${place} over single places`);
                worst.channel = Math.max(worst.channel, channel);
                worst.place = Math.max(worst.place, place);
              }
              const conductance = relativeL1(neurons.conductance, sum);
              assert.ok(conductance <= 0.02, `${where}: the conductance is off by ${conductance}`);
              for (const one of sources) {
                const truth = quadrants.map((byChannel) => byChannel[one.neuron] ?? Number.NaN);
                const off = relativeL1(one.values, truth);
                const what = `${where}: what drives neuron ${one.neuron}`;
                assert.equal(one.status, "converged", what);
                assert.equal(one.disagreement, null, what);
                assert.ok((one.completeness ?? 0) <= 0.01 && (one.featureError ?? 1) <= 0.01, what);
                assert.ok(off <= 0.02, `${what} is off by ${off}`);
                assert.ok(off <= 1.5 * (one.featureError ?? 0), `${what} is off by ${off}, not ${one.featureError}`);
                worst.sources = Math.max(worst.sources, off);
                worst.sourcesEvaluations = Math.max(worst.sourcesEvaluations, one.evaluations);
              }
              worst.partition = Math.max(worst.partition, neurons.partition.residual);
              worst.conservation = Math.max(worst.conservation, neurons.conservation.residual);
              worst.evaluations = Math.max(worst.evaluations, neurons.evaluations);
            }
          }
        }
        context.diagnostic(`worst: ${JSON.stringify(worst)}`);
      } finally {
        await service.dispose();
      }
    });
  }
}
