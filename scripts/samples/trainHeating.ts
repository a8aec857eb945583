import { losses, type Tensor, type Tensor2D, tensor2d, tidy, train, type Variable } from "@tensorflow/tfjs-core";
import type { LayersModel, Sequential } from "@tensorflow/tfjs-layers";
import type { Chance } from "./chance.ts";
import { type HeatedHome, heatingFeatures } from "./heating.ts";

const BATCH = 128;
const RATE = 0.006;
/** Targets are divided by this while training, so that the loss is of order 1. */
const UNIT = 50;

/** Trains on squared errors. The first layer stays as it is. */
export function trainHeating(
  model: Sequential,
  homes: readonly HeatedHome[],
  epochs: number,
  chance: Chance,
  report: (epoch: number, loss: number) => void,
): void {
  const steps = epochs * Math.floor(homes.length / BATCH);
  const optimizer = train.adam(RATE);
  const weights = model.trainableWeights.map((weight) => weight.read() as Variable);
  let step = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const rows = chance.shuffled(homes);
    let [sum, batches] = [0, 0];
    for (let start = 0; start + BATCH <= rows.length; start += BATCH) {
      // A cosine down to nothing: the last steps settle the weights.
      Object.assign(optimizer, { learningRate: RATE * 0.5 * (1 + Math.cos((Math.PI * step++) / steps)) });
      const part = rows.slice(start, start + BATCH);
      const loss = tidy(() => {
        const input = inputTensor(part);
        const truth = tensor2d(
          part.map(({ heating }) => heating / UNIT),
          [BATCH, 1],
        );
        const found = optimizer.minimize(
          () => losses.meanSquaredError(truth, (model.predict(input) as Tensor).div(UNIT)),
          true,
          weights,
        );
        return found?.dataSync()[0] ?? Number.NaN;
      });
      sum += loss;
      batches++;
    }
    report(epoch, sum / batches);
  }
  optimizer.dispose();
}

/** kWh a day, one for each home. */
export function predictHeating(model: LayersModel, homes: readonly Pick<HeatedHome, "home">[]): number[] {
  return tidy(() => [...(model.predict(inputTensor(homes)) as Tensor).dataSync()]);
}

function inputTensor(homes: readonly Pick<HeatedHome, "home">[]): Tensor2D {
  return tensor2d(
    homes.flatMap(({ home }) => [...home]),
    [homes.length, heatingFeatures.length],
  );
}
