import { losses, type Tensor, tensor2d, tensor4d, tidy, train } from "@tensorflow/tfjs-core";
import type { LayersModel, Sequential } from "@tensorflow/tfjs-layers";
import type { Chance } from "./chance.ts";
import type { DigitImage } from "./digitImages.ts";
import { composeScene, SCENE_SIDE, type Scene, sceneInput, scenePresence } from "./scene.ts";

export const SCENE_BATCH = 48;

/** Trains on scenes composed afresh for every step, so that no picture is seen twice. Returns nothing; `model` learns. */
export async function trainScenes(
  model: Sequential,
  images: readonly DigitImage[],
  steps: number,
  chance: Chance,
  report: (step: number, loss: number) => void,
): Promise<void> {
  const optimizer = train.adam(0.001);
  model.compile({ optimizer, loss: (truth: Tensor, output: Tensor) => losses.logLoss(truth, output) });
  let mean = 0;
  for (let step = 1; step <= steps; step++) {
    // Warm-up, then a cosine down to nothing: the last steps settle the weights.
    const rate = 0.003 * Math.min(1, step / 100) * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
    Object.assign(optimizer, { learningRate: rate });
    const scenes = Array.from({ length: SCENE_BATCH }, () => composeScene(images, chance));
    const input = inputTensor(scenes);
    const truth = tensor2d(Float32Array.from(scenes.flatMap((scene) => [...scenePresence(scene)])), [SCENE_BATCH, 10]);
    const loss = await model.trainOnBatch(input, truth);
    input.dispose();
    truth.dispose();
    mean += (Number(loss) - mean) / Math.min(step, 100);
    if (step % 100 === 0) report(step, mean);
  }
  optimizer.dispose();
}

/** The ten probabilities of each scene. */
export function predictScenes(model: LayersModel, scenes: readonly Scene[]): number[][] {
  const out: number[][] = [];
  for (let start = 0; start < scenes.length; start += SCENE_BATCH) {
    const part = scenes.slice(start, start + SCENE_BATCH);
    const values = tidy(() => {
      const output = model.predict(inputTensor(part));
      if (Array.isArray(output)) throw new Error("The scene model has one output.");
      return output.dataSync();
    });
    part.forEach((_, at) => {
      out.push([...values.slice(at * 10, at * 10 + 10)]);
    });
  }
  return out;
}

function inputTensor(scenes: readonly Scene[]) {
  const values = new Float32Array(scenes.length * SCENE_SIDE * SCENE_SIDE);
  scenes.forEach((scene, at) => {
    values.set(sceneInput(scene), at * SCENE_SIDE * SCENE_SIDE);
  });
  return tensor4d(values, [scenes.length, SCENE_SIDE, SCENE_SIDE, 1]);
}

/** How often ten independent yes/no answers (yes above 0.5) are right on scenes that the model never saw. */
export interface SceneMetrics {
  readonly scenes: number;
  /** Share of right answers over all outputs. Saying "absent" always would reach about 0.82. */
  readonly outputAccuracy: number;
  /** Mean of sensitivity and specificity, averaged over the ten digits. */
  readonly balancedAccuracy: number;
  /** Share of scenes with all ten answers right. */
  readonly exactMatch: number;
  readonly perDigit: readonly { digit: number; sensitivity: number; specificity: number; balancedAccuracy: number }[];
}

export function sceneMetrics(scenes: readonly Scene[], probabilities: readonly number[][]): SceneMetrics {
  const truth = scenes.map((scene) => [...scenePresence(scene)].map((value) => value === 1));
  const said = probabilities.map((row) => row.map((value) => value > 0.5));
  const share = (hits: number, of: number) => (of === 0 ? Number.NaN : Math.round((hits / of) * 1e4) / 1e4);
  const perDigit = Array.from({ length: 10 }, (_, digit) => {
    const present = truth.filter((row) => row[digit]).length;
    const found = truth.filter((row, at) => row[digit] && said[at]?.[digit]).length;
    const rejected = truth.filter((row, at) => !row[digit] && !said[at]?.[digit]).length;
    const sensitivity = share(found, present);
    const specificity = share(rejected, truth.length - present);
    return { digit, sensitivity, specificity, balancedAccuracy: share(sensitivity + specificity, 2) };
  });
  const right = truth.map((row, at) => row.filter((value, digit) => value === said[at]?.[digit]).length);
  return {
    scenes: scenes.length,
    outputAccuracy: share(
      right.reduce((sum, value) => sum + value, 0),
      scenes.length * 10,
    ),
    balancedAccuracy: share(
      perDigit.reduce((sum, row) => sum + row.balancedAccuracy, 0),
      10,
    ),
    exactMatch: share(right.filter((value) => value === 10).length, scenes.length),
    perDigit,
  };
}
