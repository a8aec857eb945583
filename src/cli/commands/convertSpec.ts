import { type CommandSpec, helpOption } from "../optionSpec.ts";

export const convertSpec: CommandSpec = {
  name: "convert",
  summary: "Convert a TensorFlow SavedModel into a TensorFlow.js model that Pathlight reads.",
  usage: "pathlight convert SAVED_MODEL [--out DIR] [--signature NAME] [--json]",
  positional: "SAVED_MODEL",
  options: [
    {
      name: "out",
      value: "DIR",
      help: "Folder for model.json and the weights; an earlier conversion in it is replaced. Default: SAVED_MODEL-tfjs.",
    },
    {
      name: "signature",
      value: "NAME",
      help: "Signature that is converted. Default: serving_default, or the only one.",
    },
    { name: "json", help: "Print what was converted as JSON." },
    helpOption,
  ],
  notes: [
    "It runs in your Python environment, which needs the package tensorflow and nothing else: PATHLIGHT_PYTHON names the interpreter, else the one on PATH is taken. Loading a SavedModel runs what is in it, so convert only what you trust.",
    "Exit codes: 0 done, 2 bad input or no Python with TensorFlow, 130 cancelled.",
  ],
  examples: [
    {
      what: "Convert, then explain",
      command:
        "pathlight convert saved_model --out model-tfjs\n  pathlight explain --model model-tfjs --input image.png --out out",
    },
  ],
};
