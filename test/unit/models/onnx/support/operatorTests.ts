import test from "node:test";
import "@tensorflow/tfjs-layers";
import { seededRandom } from "../../../../../src/common/random.ts";
import { installGradientRepairs } from "../../../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../../backends.ts";
import type { ElementName, TestTensor } from "./onnxBytes.ts";
import { assertLikeReference, assertOperatorGradient, type OperatorCase } from "./operatorCase.ts";

export interface TestedCase extends OperatorCase {
  /** Inputs whose gradient is compared with differences; default the first if it is of floats and the output too. */
  readonly gradients?: readonly number[];
  /** What sets the case apart, where operator, version and attributes do not. */
  readonly note?: string;
  /** Length of the difference's step. */
  readonly step?: number;
}

/** Each case on each backend of this machine: forward as onnxruntime, gradients as differences. */
export async function testOperators(cases: readonly TestedCase[]): Promise<void> {
  for (const backend of await usableBackends()) {
    for (const each of cases) {
      const shapes = each.inputs.map((input) => (input === null ? "-" : `${input.type}[${input.shape.join(",")}]`));
      const { op, opset, attributes = {}, note = "" } = each;
      const name = `${backend}: ${op} ${opset} ${shapes.join(" ")} ${JSON.stringify(attributes)} ${note}`;
      test(`${name}: as onnxruntime`, async () => {
        await useBackend(backend);
        installGradientRepairs();
        await assertLikeReference(each);
      });
      for (const index of gradientsOf(each)) {
        test(`${name}: differences confirm the gradient of input ${index}`, async () => {
          await useBackend(backend);
          installGradientRepairs();
          assertOperatorGradient(each, index, each.step === undefined ? {} : { step: each.step });
        });
      }
    }
  }
}

function gradientsOf({ gradients, inputs, outputs = ["float"] }: TestedCase): readonly number[] {
  if (gradients !== undefined) return gradients;
  return inputs[0]?.type === "float" && outputs[0] === "float" ? [0] : [];
}

/** Floats apart by `gap` from one another, and by a fifth of it from 0, so that no step crosses a kink. */
export function floats(shape: readonly number[], seed = 1, gap = 0.07): TestTensor {
  const size = shape.reduce((product, side) => product * side, 1);
  const random = seededRandom(seed);
  const data = Array.from({ length: size }, (_, i) => (i - size / 2 + 0.8) * gap);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [data[i], data[j]] = [data[j] ?? 0, data[i] ?? 0];
  }
  return { type: "float", shape, data };
}

/** Floats between `low` and `high`. */
export function between(low: number, high: number, shape: readonly number[], seed = 1): TestTensor {
  const { data } = floats(shape, seed);
  const most = Math.max(...data.map(Math.abs), 1e-9);
  return { type: "float", shape, data: data.map((value) => low + ((value / most + 1) / 2) * (high - low)) };
}

/** Whole numbers from `low` to `high`. */
export function integers(
  low: number,
  high: number,
  shape: readonly number[],
  seed = 1,
  type: ElementName = "int64",
): TestTensor {
  const random = seededRandom(seed);
  const size = shape.reduce((product, side) => product * side, 1);
  return { type, shape, data: Array.from({ length: size }, () => low + Math.floor(random() * (high - low + 1))) };
}

export function booleans(shape: readonly number[], seed = 1): TestTensor {
  return integers(0, 1, shape, seed, "bool");
}

/** A row of whole numbers, such as axes. */
export function row(...data: readonly number[]): TestTensor {
  return { type: "int64", shape: [data.length], data };
}

export function scalar(value: number, type: ElementName = "int64"): TestTensor {
  return { type, shape: [], data: [value] };
}
