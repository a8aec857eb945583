import { type CommandSpec, convertOption, helpOption } from "../optionSpec.ts";

export const inspectSpec: CommandSpec = {
  name: "inspect",
  summary: "Show what is in a model: inputs, outputs, layers, task, labels, and what cannot be explained.",
  usage: "pathlight inspect MODEL [--op OP] [--convert] [--backend auto|tensorflow|wasm|cpu] [--json]",
  positional: "MODEL",
  options: [
    { name: "op", value: "OP", help: "Only the nodes with this op or layer class." },
    convertOption,
    {
      name: "backend",
      value: "NAME",
      help: "auto, tensorflow, wasm or cpu. Default: auto, the fastest there is.",
    },
    { name: "json", help: "Print the findings as JSON." },
    helpOption,
  ],
  notes: [
    "A model with ops that Pathlight does not have is shown too, with where they stand. Node ids are what --output of `explain` takes.",
    "Exit codes: 0 shown, 2 bad input.",
  ],
  examples: [
    { what: "What is in this model?", command: "pathlight inspect samples/models/digit-scenes" },
    { what: "Where are its convolutions?", command: "pathlight inspect model.json --op Conv2D" },
  ],
};
