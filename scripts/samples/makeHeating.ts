import { join } from "node:path";
import type { BackendInfo } from "../../src/backend/index.ts";
import { ExplainService } from "../../src/compute/explainService.ts";
import { settingsSchema } from "../../src/protocol/explain.ts";
import { modelSchema } from "../../src/protocol/manifest.ts";
import { Chance } from "./chance.ts";
import { drawHome, type HeatedHome, heatingAttribution, heatingFeatures } from "./heating.ts";
import { heatingEntry } from "./heatingEntry.ts";
import { buildHeatingModel, type FeatureScale } from "./heatingModel.ts";
import { readLayersModel, writeLayersModel } from "./layersModelFile.ts";
import { samplesFolder, writeJson, writeLines } from "./sampleFiles.ts";
import { predictHeating, trainHeating } from "./trainHeating.ts";

const SEED = 31;
const TRAINING_ROWS = 20_000;
const HELD_OUT_ROWS = 5000;
const SHOWN_ROWS = 240;
const EPOCHS = 60;
const FOLDER = "models/heating";
const TABLE = "heating.csv";

/** Draws homes by the rule, trains the heating model, and writes it with rows that it never saw. */
export async function makeHeating(backend: BackendInfo, command: string): Promise<void> {
  const chance = new Chance(SEED);
  const training = draw(TRAINING_ROWS, chance);
  const heldOut = draw(HELD_OUT_ROWS, chance);
  const shown = draw(SHOWN_ROWS, chance);
  const model = buildHeatingModel(scaleOf(training), SEED);
  trainHeating(model, training, EPOCHS, new Chance(SEED + 1), (epoch, loss) => {
    console.log(`heating: epoch ${epoch} of ${EPOCHS}, loss ${loss.toFixed(6)}`);
  });
  const weightsBytes = await writeLayersModel(model, join(samplesFolder, FOLDER));
  const parameters = model.countParams();
  model.dispose();
  writeLines(TABLE, [
    ["home", ...heatingFeatures.map(({ column }) => column), "kwh"].join(","),
    ...shown.map(({ home, heating }, at) =>
      [`H${String(at + 1).padStart(3, "0")}`, ...home, heating.toFixed(1)].join(","),
    ),
  ]);
  const saved = await readLayersModel(join(samplesFolder, FOLDER));
  const errors = predictHeating(saved, heldOut).map((said, at) => said - (heldOut[at]?.heating ?? 0));
  saved.dispose();
  const truth = heldOut.map(({ heating }) => heating);
  const metrics = {
    homes: heldOut.length,
    meanAbsoluteError: rounded(mean(errors.map(Math.abs))),
    r2: rounded(1 - mean(errors.map((error) => error ** 2)) / variance(truth)),
    attribution: await attributionError(shown),
  };
  console.log("heating:", metrics);
  writeJson(`${FOLDER}/metrics.json`, {
    model: "heating",
    command,
    seed: SEED,
    backend: `${backend.name} ${backend.version}`,
    weightsBytes,
    parameters,
    training: { homes: TRAINING_ROWS, epochs: EPOCHS },
    heldOut: metrics,
  });
}

/**
 * How far the model's Integrated Gradients are from those of the rule, which are known: Σ|difference| over Σ|rule's|, of
 * the rows of the table, from their mean.
 */
async function attributionError(shown: readonly HeatedHome[]): Promise<Readonly<Record<string, number>>> {
  const service = new ExplainService();
  const baseline = heatingFeatures.map((_, feature) => mean(shown.map(({ home }) => home[feature] ?? 0)));
  const path = join(samplesFolder, TABLE);
  const model = {
    path: join(samplesFolder, FOLDER, "model.json"),
    entry: modelSchema.parse(heatingEntry),
    baseFolder: samplesFolder,
  };
  const off: number[] = [];
  let storey = 0;
  for (const [row, { home }] of shown.entries()) {
    const explanation = await service.explain(
      {
        model,
        samples: [{ sample: { kind: "file", path, row, labelColumn: "kwh" } }],
        settings: settingsSchema.parse({ baseline: { kind: "name", name: "mean" }, tolerance: 0.005 }),
        meanOver: [path],
      },
      { emit: () => undefined },
    );
    const [attribution] = explanation.attributions;
    if (attribution === undefined) throw new Error(`Row ${row} has no attribution.`);
    const rule = heatingAttribution(home, baseline);
    const difference = rule.map((value, feature) => Math.abs(value - (attribution.values[feature] ?? 0)));
    off.push(sum(difference) / sum(rule.map(Math.abs)));
    storey = Math.max(storey, Math.abs(attribution.values.at(-1) ?? 0));
    service.release(explanation.runId);
  }
  await service.dispose();
  off.sort((a, b) => a - b);
  const at = (share: number): number => rounded(off[Math.floor(share * (off.length - 1))] ?? Number.NaN);
  return { rows: off.length, median: at(0.5), worst: at(1), largestOfStorey: rounded(storey) };
}

function draw(count: number, chance: Chance): HeatedHome[] {
  return Array.from({ length: count }, () => drawHome(chance));
}

function scaleOf(homes: readonly HeatedHome[]): FeatureScale {
  const columns = heatingFeatures.map((_, feature) => homes.map(({ home }) => home[feature] ?? 0));
  return { mean: columns.map(mean), variance: columns.map(variance) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function variance(values: readonly number[]): number {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** 2));
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
