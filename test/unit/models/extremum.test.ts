import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { installGradientRepairs } from "../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "./backends.ts";
import { assertGradient, spacedValues } from "./finiteDifferences.ts";

for (const backend of await usableBackends()) {
  for (const op of ["max", "min"] as const) {
    test(`${op} shares its gradient among places that tie, on ${backend}`, async () => {
      await useBackend(backend);
      installGradientRepairs();
      const x = spacedValues([2, 4], 3);
      const reduce = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean): tf.Tensor =>
        op === "max" ? tf.max(x, axis, keepDims) : tf.min(x, axis, keepDims);
      // The three copies move together, so the extremum is smooth although they tie.
      assertGradient((each) => reduce(tf.concat([each, each, each], 1), 1), x);
      assertGradient((each) => reduce(tf.stack([each, each], 1), [1, 2], true), x);
      assertGradient((each) => reduce(tf.concat([each, each], 0)), x);
      x.dispose();
    });
  }
}
