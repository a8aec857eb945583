import { errorLine, toPathlightError } from "../../src/common/errors.ts";
import { makeDates, measureDates } from "./makeDates.ts";
import { makeHeating } from "./makeHeating.ts";
import { makeManifest } from "./makeManifest.ts";
import { makeQuestions } from "./makeQuestions.ts";
import { makePictures, makeScenes } from "./makeScenes.ts";
import { activateTrainingBackend } from "./trainingBackend.ts";

/**
 * Makes everything in `samples/` that is not written by hand: `npm run samples`, or a part of it by name after `--`:
 * `manifest`, `questions` (20 s), `heating` (a minute), `dates` (about four minutes; `alignment`: its
 * last part alone, with the model as it is on the disk), `scenes` (about six minutes on two cores), `pictures` (the scenes' pictures alone, with
 * the model as it is on the disk).
 */
const COMMAND = "npm run samples";
const parts = ["manifest", "questions", "heating", "dates", "alignment", "scenes", "pictures"];

async function make(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((part) => !parts.includes(part));
  if (unknown.length > 0) throw new Error(`Unknown part ${unknown.join(", ")}; there are ${parts.join(", ")}.`);
  const all = wanted.length === 0;
  if (all || wanted.includes("manifest")) makeManifest();
  if (!all && wanted.every((part) => part === "manifest")) return;
  const backend = await activateTrainingBackend();
  console.log(`Training on ${backend.name} ${backend.version}, ${backend.device}.`);
  if (all || wanted.includes("questions")) await makeQuestions(backend, `${COMMAND} -- questions`);
  if (all || wanted.includes("heating")) await makeHeating(backend, `${COMMAND} -- heating`);
  if (all || wanted.includes("dates")) await makeDates(backend, `${COMMAND} -- dates`);
  if (all || wanted.includes("dates") || wanted.includes("alignment")) await measureDates(`${COMMAND} -- alignment`);
  if (all || wanted.includes("scenes")) await makeScenes(backend, `${COMMAND} -- scenes`);
  else if (wanted.includes("pictures")) await makePictures();
}

try {
  await make(process.argv.slice(2));
} catch (error) {
  console.error(errorLine(toPathlightError(error)));
  process.exitCode = 1;
}
