// Makes the pictures of media/screenshots/ in the real workbench. Usage: npm run screenshots [name]...
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { Bench } from "../../test/e2e/support/bench.ts";
import { addSteepFolder, copySamples } from "../../test/host/sampleWorkspace.ts";
import { repository } from "../workbench/install.ts";
import { type Scene, scenes } from "./scenes.ts";

const LARGEST_BYTES = 300_000;
const out = join(repository, "media", "screenshots");

const wanted = process.argv.slice(2);
const quiet = {
  "editor.minimap.enabled": false,
  "window.autoDetectColorScheme": false,
  "window.commandCenter": false,
  "workbench.layoutControl.enabled": false,
};
const chosen = scenes.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) throw new Error(`There is ${scenes.map(({ name }) => name).join(", ")}.`);
await mkdir(out, { recursive: true });
for (const scene of chosen) await take(scene);

async function take(scene: Scene): Promise<void> {
  const settings = { ...quiet, ...scene.settings };
  const bench = await Bench.open({ fill, settings, viewport: scene.viewport, workspace: "samples" });
  try {
    // Set when the themes are known: at the start the name of one is not found yet.
    await bench.set({ "workbench.colorTheme": scene.theme.name });
    await bench.page.locator(`.monaco-workbench.${scene.theme.kind}`).waitFor();
    await scene.set(bench);
    // The pointer and the last focus are not part of the picture.
    await bench.page.mouse.move(0, 0);
    if (scene.pointer !== undefined) await scene.pointer(bench);
    // Hovers and highlights fade in and out.
    await bench.page.waitForTimeout(600);
    const file = join(out, `${scene.name}.png`);
    const bytes = await compact(await bench.page.screenshot());
    await writeFile(file, bytes);
    console.log(`${file}: ${Math.round(bytes.length / 1000)} kB`);
  } finally {
    await bench.close();
  }
}

/** The sample workspace, a steep copy of two of its samples, and a photograph with the model that reads it. */
async function fill(folder: string): Promise<void> {
  await addSteepFolder(await copySamples(folder));
  const photographs = join(folder, "photographs");
  await mkdir(photographs);
  await cp(join(repository, "test/fixtures/mobilenet-v2"), join(folder, "models", "mobilenet-v2"), { recursive: true });
  for (const name of ["coffee.png", "astronaut.png"]) {
    await cp(join(repository, "test/fixtures/photographs", name), join(photographs, name));
  }
  const file = join(folder, "pathlight.json");
  const manifest = JSON.parse(await readFile(file, "utf8")) as { models: unknown[]; datasets: unknown[] };
  manifest.models.push({
    name: "mobilenet-v2",
    path: "models/mobilenet-v2/model.json",
    inputs: [{ kind: "image", size: [224, 224], channels: "rgb", scale: [0, 1] }],
    labels: ["drawing", "hentai", "neutral", "porn", "sexy"],
    baseline: "grey",
    tolerance: 0.05,
  });
  manifest.datasets.push({ name: "photographs", files: "photographs/*.png", model: "mobilenet-v2" });
  await writeFile(file, JSON.stringify(manifest, null, 2));
}

/** As few colours as the size asks for; interfaces have few. */
async function compact(png: Buffer): Promise<Buffer> {
  for (const colours of [256, 128, 64]) {
    const smaller = await sharp(png).png({ palette: true, colours, effort: 10, dither: 0.5 }).toBuffer();
    if (smaller.length <= LARGEST_BYTES) return smaller;
  }
  throw new Error(`The picture stays above ${LARGEST_BYTES} bytes.`);
}
