import { PathlightError } from "../../common/errors.ts";
import type { RunPlan } from "../runPlan.ts";

/** A neuron stands in each window by itself. Throws `usage` for a text that is read in several. */
export function refuseWindows({ windows }: RunPlan): void {
  if (windows === undefined) return;
  throw new PathlightError("usage", "Neurons are not computed for a text that is read in windows.", {
    expected: "a text that the model takes, or one that is cut",
    found: "a text that is longer",
    whatToDo: "Shorten the text, or read it cut.",
  });
}
