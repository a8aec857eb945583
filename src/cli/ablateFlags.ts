import { type AblationValue, ablationValueSchema } from "../protocol/neurons.ts";
import type { AskedPatch } from "./askedPatch.ts";
import { ablateSpec } from "./commands/ablateSpec.ts";
import { type ExplainFlags, readExplainFlags } from "./explainFlags.ts";
import { type NeuronChoice, neuronChoice, rectangle } from "./neuronList.ts";
import { tokensPatch } from "./neuronsFlags.ts";
import { oneOf, wholeNumber } from "./optionValues.ts";
import { parseOptions } from "./parseOptions.ts";
import { usageError } from "./usageError.ts";

/** What `pathlight ablate` was told beside what is explained. */
export interface AblateFlags extends ExplainFlags {
  readonly layer: string;
  readonly neurons: NeuronChoice;
  /** What the top neurons are driven by; undefined: the whole sample. */
  readonly patch: AskedPatch | undefined;
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
  const [axis, value, control] = ["axis", "value", "control"].map((name) => options.value(name));
  const units = options.has("units");
  const patch = patchFlag(options, neurons);
  if (units && (axis !== undefined || neurons.kind === "top")) {
    const other = axis === undefined ? "--neurons top:K" : "--axis";
    throw usageError(`--units and ${other} are given together.`, { whatToDo: "Leave one of them out." });
  }
  return {
    ...flags,
    layer,
    neurons,
    patch,
    axis: axis === undefined ? undefined : wholeNumber("axis", axis, 0, 16),
    units,
    value: value === undefined ? "baseline" : oneOf("value", value, ablationValueSchema.options),
    control: control === undefined ? 5 : wholeNumber("control", control, 0, 100),
  };
}

function patchFlag(options: ReturnType<typeof parseOptions>, neurons: NeuronChoice): AskedPatch | undefined {
  const [first, second] = ["patch", "tokens", "features"].filter((name) => options.has(name));
  if (first === undefined) return undefined;
  if (neurons.kind !== "top") {
    throw usageError(`--${first} is for --neurons top:K.`, {
      whatToDo: `Leave --${first} out, or ask for the top K.`,
    });
  }
  if (second !== undefined) {
    throw usageError(`--${first} and --${second} are given together.`, { whatToDo: "Leave one of them out." });
  }
  const text = options.value(first) ?? "";
  if (first === "tokens") return tokensPatch(text);
  if (first === "features") return { name: `features ${text}`, features: text };
  return { name: "--patch", region: { kind: "rectangle", ...rectangle(text) } };
}
