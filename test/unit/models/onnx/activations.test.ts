import test from "node:test";
import "@tensorflow/tfjs-layers";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../backends.ts";
import type { TestAttribute } from "./support/onnxBytes.ts";
import { assertLikeReference, assertOperatorGradient, type OperatorCase } from "./support/operatorCase.ts";

const data = Array.from({ length: 24 }, (_, i) => ((i * 7) % 24) * 0.25 - 2.93);

const on = (op: string, opset: number, attributes: Readonly<Record<string, TestAttribute>> = {}): OperatorCase => ({
  op,
  opset,
  inputs: [{ type: "float", shape: [2, 3, 4], data }],
  attributes,
});

const cases: readonly OperatorCase[] = [
  on("Relu", 14),
  on("LeakyRelu", 16, { alpha: 0.2 }),
  on("Sigmoid", 13),
  on("Tanh", 13),
  on("Elu", 6),
  on("Elu", 6, { alpha: 0.7 }),
  on("Celu", 12, { alpha: 0.7 }),
  on("Selu", 6),
  on("Softplus", 1),
  on("Softsign", 1),
  on("HardSigmoid", 6),
  on("HardSigmoid", 6, { alpha: 1 / 6, beta: 0.4 }),
  on("HardSwish", 14),
  on("Mish", 18),
  on("ThresholdedRelu", 10, { alpha: 0.6 }),
  on("Gelu", 20),
  on("Gelu", 20, { approximate: "tanh" }),
  on("Erf", 13),
  on("Softmax", 13),
  on("Softmax", 13, { axis: 1 }),
  on("Softmax", 11, { axis: 1 }),
  on("LogSoftmax", 13, { axis: 0 }),
  on("LogSoftmax", 11),
  on("Dropout", 13),
];

const backends = await usableBackends();
for (const backend of backends) {
  for (const each of cases) {
    const name = `${backend}: ${each.op} ${each.opset} ${JSON.stringify(each.attributes)}`;
    test(`${name}: as onnxruntime`, async () => {
      await useBackend(backend);
      installGradientRepairs();
      await assertLikeReference(each);
    });
    test(`${name}: differences confirm the gradient`, async () => {
      await useBackend(backend);
      installGradientRepairs();
      assertOperatorGradient(each);
    });
  }
}
