import { initializers, layers, type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { SCENE_SIDE } from "./scene.ts";

/**
 * Four convolutions, each unit of the last one seeing 38 × 38 pixels, the strongest place of each channel, and ten
 * independent outputs "this digit is present". Input [batch, 48, 48, 1] in [0, 1]; output [batch, 10] in (0, 1).
 */
export function buildSceneModel(seed: number): Sequential {
  const model = sequential({ name: "digit-scenes" });
  [16, 32, 48, 80].forEach((filters, stage) => {
    model.add(
      layers.conv2d({
        name: `conv${stage + 1}`,
        filters,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
        kernelInitializer: initializers.heNormal({ seed: seed + stage }),
        ...(stage === 0 ? { inputShape: [SCENE_SIDE, SCENE_SIDE, 1] } : {}),
      }),
    );
    if (stage < 3) model.add(layers.maxPooling2d({ name: `pool${stage + 1}`, poolSize: 2 }));
  });
  model.add(layers.globalMaxPooling2d({ name: "strongest-place" }));
  model.add(
    layers.dense({
      name: "digits",
      units: 10,
      activation: "sigmoid",
      kernelInitializer: initializers.glorotUniform({ seed: seed + 10 }),
    }),
  );
  return model;
}
