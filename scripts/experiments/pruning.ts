// The object-wise pruning experiment of docs/pruning.md, on held-out scenes of two digits.
// Usage: node --import tsx scripts/experiments/pruning.ts [SCENES | report], 120 scenes unless told, a few seconds each.
// `report` writes the page anew from the figures of the last time, out/pruning.json.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type PrunedLayer, type PrunedScene, pruneScene } from "./pruneScene.ts";
import { type LayerResult, pruningFigure, pruningMarkdown } from "./pruningReport.ts";
import { sceneBench } from "./twoDigitScenes.ts";

const docs = fileURLToPath(new URL("../../docs/", import.meta.url));
const figures = fileURLToPath(new URL("../../out/pruning.json", import.meta.url));

/** From about 1 to 5 % of each. */
const layers: readonly PrunedLayer[] = [
  { node: "conv3", units: true, counts: [69, 138, 207, 276, 346] },
  { node: "strongest-place", units: false, counts: [1, 2, 3, 4] },
];

if (process.argv[2] !== "report") await measure(Number(process.argv[2] ?? 120));
const { results, backend }: { results: LayerResult[]; backend: string } = JSON.parse(readFileSync(figures, "utf8"));
writeFileSync(join(docs, "pruning.svg"), pruningFigure(results));
writeFileSync(join(docs, "pruning.md"), pruningMarkdown(results, backend));
console.log(`${docs}pruning.md`);
process.exit(0);

async function measure(wanted: number): Promise<void> {
  const bench = await sceneBench();
  const scenes = await bench.scenes(wanted);
  const found = new Map<string, PrunedScene[]>(layers.map(({ node }) => [node, []]));
  const started = Date.now();
  for (const [at, scene] of scenes.entries()) {
    for (const layer of layers) found.get(layer.node)?.push(await pruneScene(bench, scene, layer, at));
    if (at % 10 === 9) console.log(`${at + 1} of ${wanted} scenes, ${((Date.now() - started) / 1000).toFixed(0)} s`);
  }
  const measured = layers.map((layer) => ({ layer, scenes: found.get(layer.node) ?? [] }));
  const active = bench.service.activeBackend;
  mkdirSync(join(figures, ".."), { recursive: true });
  writeFileSync(figures, JSON.stringify({ results: measured, backend: `${active?.name} ${active?.version}` }));
}
