import { type AblationValue, ablationValueSchema } from "../protocol/neurons.ts";
import { ablateSpec } from "./commands/ablateSpec.ts";
import { type ExplainFlags, readExplainFlags } from "./explainFlags.ts";
import { type NeuronChoice, neuronChoice, rectangle } from "./neuronList.ts";
import { oneOf, wholeNumber } from "./optionValues.ts";
import { parseOptions } from "./parseOptions.ts";
import { usageError } from "./usageError.ts";

/** What `pathlight ablate` was told beside what is explained. */
export interface AblateFlags extends ExplainFlags {
  readonly layer: string;
  readonly neurons: NeuronChoice;
  readonly patch: ReturnType<typeof rectangle> | undefined;
  readonly axis: number | undefined;
  readonly units: boolean;
  readonly value: AblationValue;
  readonly control: number;
}

/** @throws PathlightError `usage`, `target-invalid` */
export function readAblateFlags(args: readonly string[]): AblateFlags {
  const flags = readExplainFlags(args, ablateSpec);
  const options = parseOptions(args, ablateSpec);
  const required = (name: string, expected: string): string => {
    const value = options.value(name);
    if (value !== undefined && value !== "") return value;
    const whatToDo = "See `pathlight ablate --help`.";
    throw usageError(`Option --${name} is missing.`, { expected, whatToDo });
  };
  const layer = required("layer", "--layer NODE, the node whose neurons are switched off");
  const neurons = neuronChoice(required("neurons", "--neurons LIST, such as 3,5,10-20, or top:K"));
  const [patch, axis, value, control] = ["patch", "axis", "value", "control"].map((name) => options.value(name));
  const units = options.has("units");
  if (patch !== undefined && neurons.kind !== "top") {
    throw usageError("--patch is for --neurons top:K.", { whatToDo: "Leave --patch out, or ask for the top K." });
  }
  if (units && (axis !== undefined || neurons.kind === "top")) {
    const other = axis === undefined ? "--neurons top:K" : "--axis";
    throw usageError(`--units and ${other} are given together.`, { whatToDo: "Leave one of them out." });
  }
  return {
    ...flags,
    layer,
    neurons,
    patch: patch === undefined ? undefined : rectangle(patch),
    axis: axis === undefined ? undefined : wholeNumber("axis", axis, 0, 16),
    units,
    value: value === undefined ? "baseline" : oneOf("value", value, ablationValueSchema.options),
    control: control === undefined ? 5 : wholeNumber("control", control, 0, 100),
  };
}
