import { tensor1d, tidy } from "@tensorflow/tfjs-core";
import { initializers, layers, type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { heatingFeatures } from "./heating.ts";

/** Mean and variance of each feature of the training rows. */
export interface FeatureScale {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/** Same as Keras' default. */
const EPSILON = 1e-3;

/**
 * Three hidden layers between the table's own units and kWh a day: the first layer subtracts the mean of each feature and
 * divides by its deviation, so that degrees, square metres and shares count alike; it is set here and does not learn.
 * Input [batch, 8] in the units of the table; output [batch, 1].
 */
export function buildHeatingModel(scale: FeatureScale, seed: number): Sequential {
  const model = sequential({ name: "heating" });
  model.add(
    layers.batchNormalization({
      name: "standardise",
      inputShape: [heatingFeatures.length],
      epsilon: EPSILON,
      trainable: false,
    }),
  );
  [32, 24, 16].forEach((units, at) => {
    model.add(
      layers.dense({
        name: `hidden${at + 1}`,
        units,
        activation: "relu",
        kernelInitializer: initializers.heNormal({ seed: seed + at }),
      }),
    );
  });
  model.add(
    layers.dense({ name: "heating", units: 1, kernelInitializer: initializers.glorotUniform({ seed: seed + 9 }) }),
  );
  tidy(() => {
    const ones = heatingFeatures.map(() => 1);
    const zeros = heatingFeatures.map(() => 0);
    const values = [ones, zeros, scale.mean, scale.variance];
    model.getLayer("standardise").setWeights(values.map((each) => tensor1d([...each])));
  });
  return model;
}
