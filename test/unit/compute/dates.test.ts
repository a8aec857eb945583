import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { Chance } from "../../../scripts/samples/chance.ts";
import { dateAlignment } from "../../../scripts/samples/dateAlignment.ts";
import { heldOutFormats, trainingFormats } from "../../../scripts/samples/dateFormats.ts";
import { drawPair } from "../../../scripts/samples/dates.ts";
import { samplesFolder } from "../../../scripts/samples/sampleFiles.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { explainRequestSchema } from "../../../src/protocol/explain.ts";
import { manifestSchema } from "../../../src/protocol/manifest.ts";

/** The date model of the sample workspace, as it lies there. */
const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(samplesFolder, "pathlight.json"), "utf8")));
const entry = manifest.models.find(({ name }) => name === "dates");
assert(entry !== undefined);
const model = { path: join(samplesFolder, entry.path), entry, baseFolder: samplesFolder };
const service = new ExplainService();
after(() => service.dispose());

test("dates in formats that training never showed are written as ISO dates", async () => {
  for (const { language, text } of heldOutFormats)
    assert(!trainingFormats.some((other) => other.language === language && other.text === text), text);
  const file = join(samplesFolder, "dates.jsonl");
  const rows = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { iso: string });
  let right = 0;
  for (const [row, { iso }] of rows.entries()) {
    const { predictions } = await service.predict(
      explainRequestSchema.parse({
        model,
        samples: [{ sample: { kind: "file", path: file, row, column: "date" } }],
        settings: {},
      }),
    );
    const said = predictions.map(({ label }) => label).join("");
    if (said === `${iso}[END]`) right++;
  }
  assert(right / rows.length >= 0.95, `${right} of ${rows.length}`);
});

test("the digits of the month come from the month's name", async () => {
  const chance = new Chance(41);
  const named = heldOutFormats.filter(({ text }) => text.includes("{mon"));
  const pairs = Array.from({ length: 16 }, () => drawPair(named, chance));
  const found = await dateAlignment(service, model, pairs);
  assert(found.bothMedianShare > 0.45, `share ${found.bothMedianShare}`);
  assert(found.units.medianShare > 0.5, `share of the second digit ${found.units.medianShare}`);
  assert(found.units.nameStrongest >= 0.85, `strongest in ${found.units.nameStrongest}`);
  assert(found.worstOff < 0.06, `off by ${found.worstOff}`);
});
