import test from "node:test";
import "@tensorflow/tfjs-layers";
import * as fc from "fast-check";
import { seededRandom } from "../../../../../src/common/random.ts";
import { installGradientRepairs } from "../../../../../src/models/repairs/installGradientRepairs.ts";
import { type BackendName, useBackend } from "../../backends.ts";
import type { DifferenceOptions } from "../../finiteDifferences.ts";
import type { TestTensor } from "./onnxBytes.ts";
import { assertLikeReference, assertOperatorGradient, type OperatorCase } from "./operatorCase.ts";

export interface CheckedCase extends OperatorCase {
  /** Inputs whose gradient is checked; default the first. */
  readonly gradients?: readonly number[];
  readonly differences?: DifferenceOptions;
}

/** Values of about unit size, all different and at least 1 / size apart, in a shuffled order that the seed decides. */
export function floats(shape: readonly number[], seed = 1, scale = 2): TestTensor {
  const size = shape.reduce((product, side) => product * side, 1);
  const random = seededRandom(seed);
  const data = Array.from({ length: size }, (_, i) => (scale * (i - size / 2 + 0.37)) / Math.max(size, 8));
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [data[i], data[j]] = [data[j] ?? 0, data[i] ?? 0];
  }
  return { type: "float", shape, data };
}

export function integers(data: readonly number[], shape: readonly number[] = [data.length]): TestTensor {
  return { type: "int64", shape, data };
}

/** Tests, on every backend, of the values against onnxruntime and of the gradients against differences. */
export function checkCases(backends: readonly BackendName[], cases: readonly CheckedCase[]): void {
  for (const backend of backends) {
    for (const each of cases) {
      const name = `${backend}: ${nameOf(each)}`;
      test(`${name}: as onnxruntime`, async () => {
        await prepare(backend);
        await assertLikeReference(each);
      });
      for (const index of each.gradients ?? [0]) {
        test(`${name}: differences confirm the gradient of input ${index}`, async () => {
          await prepare(backend);
          assertOperatorGradient(each, index, { step: 3e-3, ...each.differences });
        });
      }
    }
  }
}

/** On every backend, `runs` cases like those that an exporter could write, against onnxruntime; seeded. */
export function checkProperty(
  backends: readonly BackendName[],
  name: string,
  cases: fc.Arbitrary<OperatorCase>,
  runs = 30,
): void {
  for (const backend of backends) {
    test(`${backend}: ${name}, any form: as onnxruntime`, async () => {
      await prepare(backend);
      await fc.assert(
        fc.asyncProperty(cases, (each) => assertLikeReference(each)),
        { seed: 7, numRuns: runs, endOnFailure: true },
      );
    });
  }
}

export async function prepare(backend: BackendName): Promise<void> {
  await useBackend(backend);
  installGradientRepairs();
}

function nameOf({ op, opset, attributes = {}, inputs }: OperatorCase): string {
  const shapes = inputs.map((input) => (input === null ? "-" : `[${input.shape.join(",")}]`));
  return `${op} ${opset} ${shapes.join(" ")} ${JSON.stringify(attributes)}`;
}
