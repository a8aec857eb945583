import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { type Audit, type AuditOptions, auditGradients } from "../../../../src/engine/audit/audit.ts";
import type { PathEnds } from "../../../../src/engine/audit/station.ts";
import type { DifferentiableModel } from "../../../../src/engine/port.ts";
import type { Link } from "../../../../src/engine/scoreOf.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import { digitsGraph } from "../graphFixtures.ts";
import { readFileWeights } from "../modelFiles.ts";

/** Real models with a sample each, for audits. */

const root = new URL("../../../../", import.meta.url).pathname;
const fixtures = `${root}test/fixtures/`;

export interface AuditSubject {
  readonly model: DifferentiableModel;
  readonly explained: PathEnds;
}

/** The float32 values of a version 1 `.npy` file. */
function readNpy(file: string): Float32Array {
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  const data = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length);
  return bytes.toString("latin1", 10, start).includes("<f8")
    ? Float32Array.from(new Float64Array(data))
    : new Float32Array(data);
}

function fromZero(node: string, shape: readonly number[], x: Float32Array): PathEnds {
  return { node, shape, x, baseline: new Float32Array(x.length) };
}

export async function digits(sample = 0): Promise<AuditSubject> {
  const { model } = await loadModel(`${fixtures}oracle/digits/model`);
  const x = readNpy(`${fixtures}oracle/digits/x${sample}.npy`);
  return { model, explained: fromZero("conv1_input", [8, 8, 1], x) };
}

export async function digitsAsGraph(fused: boolean): Promise<AuditSubject> {
  const folder = digitsGraph(readFileWeights(`${fixtures}oracle/digits/model`), fused);
  const { model } = await loadModel(folder);
  return { model, explained: fromZero("image", [8, 8, 1], readNpy(`${fixtures}oracle/digits/x3.npy`)) };
}

/** The same weights from an ONNX file, channels first. */
export async function digitsAsOnnx(): Promise<AuditSubject> {
  const { model } = await loadModel(`${fixtures}oracle/digits/model.onnx`);
  const x = readNpy(`${fixtures}oracle/digits/x5.npy`);
  return { model, explained: fromZero(model.inputs[0]?.id ?? "", [1, 8, 8], x) };
}

/** From the zero embedding to the embedding of nine words and padding. */
export async function questions(): Promise<AuditSubject> {
  const { model } = await loadModel(`${root}samples/models/question-classifier`);
  const ids = tf.tensor(
    [...Array.from({ length: 9 }, (_, i) => 5 + 23 * i), ...new Array(23).fill(0)],
    [1, 32],
    "int32",
  );
  const [embedded] = model.evaluate(new Map([["embedding_input", ids]]), ["embedding"]);
  const x = Float32Array.from(embedded?.dataSync() ?? []);
  const shape = embedded?.shape.slice(1) ?? [];
  tf.dispose([ids, ...(embedded === undefined ? [] : [embedded])]);
  return { model, explained: fromZero("embedding", shape, x) };
}

/** A picture of smooth waves with some grain, from black. */
export async function mobileNet(): Promise<AuditSubject> {
  const { model } = await loadModel(`${fixtures}mobilenet-v2`);
  const x = Float32Array.from(
    { length: 224 * 224 * 3 },
    (_, i) => 0.5 + 0.4 * Math.sin(i / 700) * Math.cos(i / 37) + 0.05 * Math.sin(i * i),
  );
  return { model, explained: fromZero("input_1", [224, 224, 3], x) };
}

export function audit(
  { model, explained }: AuditSubject,
  index: number,
  link: Link = "identity",
  options: Partial<AuditOptions> = {},
): Promise<Audit> {
  const fetch = model.heads[0]?.logit ?? "";
  return auditGradients({
    model,
    explained: [explained],
    heldFeeds: new Map(),
    target: { fetch, index, link },
    ...options,
  });
}
