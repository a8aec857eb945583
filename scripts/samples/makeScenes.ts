import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import type { BackendInfo } from "../../src/backend/index.ts";
import { Chance } from "./chance.ts";
import { readDigitImages } from "./digitImages.ts";
import { readLayersModel, writeLayersModel } from "./layersModelFile.ts";
import { samplesFolder, writeJson, writeLines } from "./sampleFiles.ts";
import { composeScene, SCENE_SIDE, type Scene, scenePresence } from "./scene.ts";
import { buildSceneModel } from "./sceneModel.ts";
import { predictScenes, SCENE_BATCH, type SceneMetrics, sceneMetrics, trainScenes } from "./trainScenes.ts";

const SEED = 7;
const STEPS = 1800;
const HELD_OUT_IMAGES = 397;
const HELD_OUT_SCENES = 2000;
const PICTURES = 60;
/** The picture that the walkthrough opens first. */
const FIRST = 7;
const SHARED_STROKES: readonly number[] = [3, 5, 8, 9];
const FOLDER = "models/digit-scenes";

/** Trains the digit-scenes model, writes it, measures it on held-out digits and writes the pictures. */
export async function makeScenes(backend: BackendInfo, command: string): Promise<void> {
  const images = readDigitImages(HELD_OUT_IMAGES);
  const model = buildSceneModel(SEED);
  const started = Date.now();
  await trainScenes(model, images.training, STEPS, new Chance(SEED), (step, loss) => {
    console.log(`digit-scenes: step ${step} of ${STEPS}, loss ${loss.toFixed(3)}, ${seconds(started)} s`);
  });
  const parameters = model.countParams();
  const weightsBytes = await writeLayersModel(model, join(samplesFolder, FOLDER));
  model.dispose();
  writeLines(`${FOLDER}/labels.txt`, Array.from("0123456789"));
  writeJson(`${FOLDER}/metrics.json`, {
    model: "digit-scenes",
    command,
    seed: SEED,
    backend: `${backend.name} ${backend.version}`,
    weightsBytes,
    parameters,
    training: { scenes: STEPS * SCENE_BATCH, digitImages: images.training.length, steps: STEPS, batch: SCENE_BATCH },
    heldOut: { digitImages: images.heldOut.length, ...(await makePictures()) },
  });
}

/** Measures the model on the disk on scenes of held-out digits and writes the first of them as pictures. */
export async function makePictures(): Promise<SceneMetrics> {
  const model = await readLayersModel(join(samplesFolder, FOLDER));
  const chance = new Chance(SEED + 1);
  const images = readDigitImages(HELD_OUT_IMAGES).heldOut;
  const unseen = Array.from({ length: HELD_OUT_SCENES }, () => composeScene(images, chance));
  const probabilities = predictScenes(model, unseen);
  model.dispose();
  const metrics = sceneMetrics(unseen, probabilities);
  console.log(
    `digit-scenes: held out ${metrics.scenes} scenes, right per output ${percent(metrics.outputAccuracy)}, ` +
      `balanced ${percent(metrics.balancedAccuracy)}, all ten right ${percent(metrics.exactMatch)}`,
  );
  await writePictures(choosePictures(unseen, probabilities));
  return metrics;
}

/**
 * The first held-out scenes as they come, with one moved to the place `FIRST`: two digits that share strokes, so that
 * evidence for the one could be looked for in the other, both found, and nothing else.
 */
function choosePictures(scenes: readonly Scene[], probabilities: readonly number[][]): readonly Scene[] {
  const good = scenes.findIndex((scene, at) => {
    const present = scenePresence(scene);
    const row = probabilities[at] ?? [];
    return (
      scene.boxes.length === 2 &&
      scene.boxes[0]?.digit !== scene.boxes[1]?.digit &&
      scene.boxes.every(({ digit }) => SHARED_STROKES.includes(digit)) &&
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
