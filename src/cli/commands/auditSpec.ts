import { type CommandSpec, helpOption } from "../optionSpec.ts";
import { explainSpec } from "./explainSpec.ts";

/** Options that say what is explained mean the same here. */
const shared = [
  "model",
  "manifest",
  "input",
  "text",
  "row",
  "column",
  "target",
  "target-expression",
  "output",
  "from",
  "link",
  "baseline",
  "hold",
  "windows",
  "backend",
] as const;

export const auditSpec: CommandSpec = {
  name: "audit",
  summary: "Check the gradients that an explanation stands on, against forward passes only.",
  usage: [
    "pathlight audit --model PATH [--manifest FILE] --input [NAME=]FILE … [--row N]",
    "    [--target INDEX|LABEL | --target-expression EXPRESSION] [--output NODE] [--link logit|softmax|sigmoid]",
    "    [--baseline zeros|ones|mean|VALUE|FILE] [--backend auto|tensorflow|wasm|cpu]",
    "    --out DIR [--json]",
  ].join("\n"),
  options: [
    ...explainSpec.options.filter(({ name }) => shared.some((each) => each === name)),
    { name: "out", value: "DIR", help: "Folder for audit.json. Made where it is missing." },
    { name: "json", help: "Print audit.json instead of the table." },
    helpOption,
  ],
  notes: [
    "The score along the path, and along random directions at the input, is compared with central differences of forward passes; then every operation between input and score by itself. The operation whose gradient is wrong is named, the one nearest to the score first.",
    "Exit codes: 0 confirmed, 1 internal error, 2 bad input, 4 a gradient is wrong, 5 rounding and kinks drown the comparison, 130 cancelled.",
  ],
  examples: [
    {
      what: "Can the gradients of this model be trusted here? (run in samples/)",
      command: "pathlight audit --model models/digit-scenes --input scenes/0007.png --out out/audit",
    },
    {
      what: "The same on another backend, as JSON",
      command:
        "pathlight audit --model models/digit-scenes --input scenes/0007.png --backend wasm \\\n    --out out/audit --json > audit.json",
    },
  ],
};
