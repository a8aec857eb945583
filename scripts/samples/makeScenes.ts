import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { BackendInfo } from "../../src/backend/index.ts";
import { Chance } from "./chance.ts";
import { readDigitImages } from "./digitImages.ts";
import { writeLayersModel } from "./layersModelFile.ts";
import { samplesFolder, writeJson, writeLines } from "./sampleFiles.ts";
import { composeScene, SCENE_SIDE, type Scene, scenePresence } from "./scene.ts";
import { buildSceneModel } from "./sceneModel.ts";
import { predictScenes, SCENE_BATCH, sceneMetrics, trainScenes } from "./trainScenes.ts";

const SEED = 7;
const STEPS = 1800;
const HELD_OUT_IMAGES = 397;
const HELD_OUT_SCENES = 2000;
const PICTURES = 60;
/** The picture that the walkthrough opens first. */
const FIRST = 7;

/** Trains the digit-scenes model, measures it on held-out digits, and writes model, pictures and labels. */
export async function makeScenes(backend: BackendInfo, command: string): Promise<void> {
  const images = readDigitImages(HELD_OUT_IMAGES);
  const model = buildSceneModel(SEED);
  const started = Date.now();
  await trainScenes(model, images.training, STEPS, new Chance(SEED), (step, loss) => {
    console.log(`digit-scenes: step ${step} of ${STEPS}, loss ${loss.toFixed(3)}, ${seconds(started)} s`);
  });
  const folder = "models/digit-scenes";
  const weightsBytes = await writeLayersModel(model, join(samplesFolder, folder));
  const chance = new Chance(SEED + 1);
  const unseen = Array.from({ length: HELD_OUT_SCENES }, () => composeScene(images.heldOut, chance));
  const probabilities = predictScenes(model, unseen);
  const heldOut = sceneMetrics(unseen, probabilities);
  console.log(
    `digit-scenes: held out ${heldOut.scenes} scenes, right per output ${percent(heldOut.outputAccuracy)}, ` +
      `balanced ${percent(heldOut.balancedAccuracy)}, all ten right ${percent(heldOut.exactMatch)}`,
  );
  writeLines(`${folder}/labels.txt`, Array.from("0123456789"));
  writeJson(`${folder}/metrics.json`, {
    model: "digit-scenes",
    command,
    seed: SEED,
    backend: `${backend.name} ${backend.version}`,
    weightsBytes,
    parameters: model.countParams(),
    training: { scenes: STEPS * SCENE_BATCH, digitImages: images.training.length, steps: STEPS, batch: SCENE_BATCH },
    heldOut: { digitImages: images.heldOut.length, ...heldOut },
  });
  await writePictures(choosePictures(unseen, probabilities));
  model.dispose();
}

/** The first held-out scenes as they come, with one that shows the model at its best moved to the place `FIRST`. */
function choosePictures(scenes: readonly Scene[], probabilities: readonly number[][]): readonly Scene[] {
  const good = scenes.findIndex((scene, at) => {
    const present = scenePresence(scene);
    const row = probabilities[at] ?? [];
    return (
      present.reduce((sum, value) => sum + value, 0) === 2 &&
      scene.boxes.length === 2 &&
      row.every((value, digit) => Math.abs(value - (present[digit] ?? 0)) < 0.05)
    );
  });
  const chosen = scenes[good];
  if (chosen === undefined) throw new Error("No held-out scene with two digits is predicted well.");
  const rest = scenes.filter((scene) => scene !== chosen).slice(0, PICTURES - 1);
  return [...rest.slice(0, FIRST), chosen, ...rest.slice(FIRST)];
}

async function writePictures(scenes: readonly Scene[]): Promise<void> {
  const folder = join(samplesFolder, "scenes");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const lines = ["file,digits,boxes"];
  for (const [at, scene] of scenes.entries()) {
    const file = `${String(at).padStart(4, "0")}.png`;
    const raw = { width: SCENE_SIDE, height: SCENE_SIDE, channels: 1 } as const;
    await sharp(scene.grey, { raw }).toColourspace("b-w").png({ compressionLevel: 9 }).toFile(join(folder, file));
    const digits = scene.boxes.map((box) => box.digit).join(" ");
    const boxes = scene.boxes.map((box) => `${box.x} ${box.y} ${box.width} ${box.height}`).join("; ");
    lines.push(`${file},${digits},${boxes}`);
  }
  writeLines("scenes/labels.csv", lines);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(0);
}
