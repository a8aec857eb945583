import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExplainService } from "../../src/compute/explainService.ts";
import { type ExplainRequest, settingsSchema } from "../../src/protocol/explain.ts";
import type { Region } from "../../src/protocol/neurons.ts";
import { npyBytes, readManifest } from "../../src/samples/index.ts";
import { Chance } from "../samples/chance.ts";
import { readDigitImages } from "../samples/digitImages.ts";
import { samplesFolder } from "../samples/sampleFiles.ts";
import { composeScene, type DigitBox, SCENE_SIDE, sceneInput } from "../samples/scene.ts";

/** Digits that the model was never trained on; the cut is that of the training. */
const HELD_OUT_IMAGES = 397;
/** Not the seed of the training, nor of the sample pictures. */
const SEED = 2022;

export interface TwoDigits {
  readonly file: string;
  readonly boxes: readonly [DigitBox, DigitBox];
}

export interface SceneBench {
  readonly service: ExplainService;
  /** The logit of a digit in a scene, from black, to 5 %. */
  request(scene: TwoDigits, digit: number): ExplainRequest;
  /** Scenes of exactly two different digits that the model says are there. */
  scenes(count: number): Promise<TwoDigits[]>;
}

export async function sceneBench(): Promise<SceneBench> {
  const service = new ExplainService();
  const { manifest, baseFolder } = await readManifest(join(samplesFolder, "pathlight.json"));
  const entry = manifest.models.find(({ name }) => name === "digit-scenes");
  if (entry === undefined) throw new Error("The sample workspace has no digit-scenes.");
  const model = { path: join(samplesFolder, entry.path), entry, baseFolder };
  const folder = mkdtempSync(join(tmpdir(), "pathlight-pruning-"));
  const request = ({ file }: TwoDigits, digit: number): ExplainRequest => ({
    model,
    samples: [{ sample: { kind: "file", path: file } }],
    settings: settingsSchema.parse({
      target: { kind: "index", index: digit },
      baseline: { kind: "name", name: "zeros" },
      tolerance: 0.05,
    }),
  });
  return {
    service,
    request,
    scenes: async (count) => {
      const chance = new Chance(SEED);
      const images = readDigitImages(HELD_OUT_IMAGES).heldOut;
      const found: TwoDigits[] = [];
      while (found.length < count) {
        const scene = composeScene(images, chance);
        const [a, b, ...more] = scene.boxes;
        if (a === undefined || b === undefined || more.length > 0 || a.digit === b.digit) continue;
        const file = join(folder, `${found.length}.npy`);
        writeFileSync(file, npyBytes([SCENE_SIDE, SCENE_SIDE, 1], sceneInput(scene)));
        const candidate: TwoDigits = { file, boxes: [a, b] };
        const { predictions } = await service.predict(request(candidate, a.digit));
        const isSeen = [a, b].every(({ digit }) => (predictions[digit]?.score ?? 0) > 0.5);
        if (isSeen) found.push(candidate);
      }
      return found;
    },
  };
}

/** A box as a region of the picture. */
export function regionOf({ x, y, width, height }: DigitBox): Region {
  return { kind: "rectangle", y0: y, x0: x, y1: y + height, x1: x + width };
}
