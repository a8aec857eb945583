import { type CommandSpec, helpOption } from "../optionSpec.ts";
import { explainSpec } from "./explainSpec.ts";

/** Options of `explain` that say nothing here. */
const others: ReadonlySet<string> = new Set([
  ...["pairs", "prefix", "fail-above", "method", "rule", "steps", "grain", "max-evaluations", "out", "json", "help"],
  ...["convert", "windows"],
]);

export const neuronsSpec: CommandSpec = {
  name: "neurons",
  summary: "What the neurons of a layer carry of the score, and which parts of the sample drive them.",
  usage: [
    "pathlight neurons --model PATH [--manifest FILE] --input [NAME=]FILE … [--row N]",
    "    --layer NODE [--layer NODE …] [--axis N]",
    "    [--patch y0,x0,y1,x1 …] [--grid ROWSxCOLUMNS] [--tokens LIST …] [--features LIST …] [--top K]",
    "    [--target INDEX|LABEL | --target-expression EXPRESSION] [--link logit|softmax|sigmoid]",
    "    [--baseline zeros|ones|mean|VALUE|FILE] [--tolerance 0.01] [--max-evaluations N]",
    "    [--backend auto|tensorflow|wasm|cpu] --out DIR [--json]",
    "pathlight neurons --layers --model PATH --input [NAME=]FILE … [--out DIR] [--json]",
  ].join("\n"),
  options: [
    ...explainSpec.options.filter(({ name }) => !others.has(name)),
    {
      name: "max-evaluations",
      value: "N",
      help: "Most points of the path, at least 3. Default: 129. Each takes a gradient of the score and a directional derivative of the layer for every patch.",
    },
    {
      name: "layers",
      help: "List the layers with what each carries of the change of the score, in place of --layer.",
    },
    {
      name: "layer",
      value: "NODE",
      multiple: true,
      help: "The layer, by the name of its node; --layers and `pathlight inspect` list them. Several times for nodes that form a cut together.",
    },
    {
      name: "axis",
      value: "N",
      help: "Axis of the layer that counts the neurons, from 0, without that of the batch. Default: the last; of feature maps in ONNX the first.",
    },
    {
      name: "patch",
      value: "y0,x0,y1,x1",
      multiple: true,
      help: "A rectangle of the picture, in pixels as the model sees them: rows y0 to y1 and columns x0 to x1 without the ends. Patches may overlap.",
    },
    {
      name: "grid",
      value: "ROWSxCOLUMNS",
      help: "Cells over the whole picture, as equal as its size allows, such as 7x7; behind the patches, row by row.",
    },
    {
      name: "tokens",
      value: "LIST",
      multiple: true,
      help: "Tokens of a text, by their positions from 0: 3-7, or 0,4,5. Each list is one patch.",
    },
    {
      name: "features",
      value: "LIST",
      multiple: true,
      help: "Features of a table row, by the names of their columns or their places from 0: outdoor_c,indoor_c or 0,2-5; of a tensor its values. Each list is one patch.",
    },
    { name: "top", value: "K", help: "Strongest neurons that are listed, of all and of each patch. Default: 10." },
    {
      name: "out",
      value: "DIR",
      help: "Folder for neurons.json and neurons-0.npy, float32 [patches, …layer]: named patches in the order above, then the grid; without any one row, the conductance. Made where it is missing.",
    },
    { name: "json", help: "Print neurons.json (with --layers: layers.json) instead of the table." },
    helpOption,
  ],
  notes: [
    "A neuron is a channel of a feature map, a unit of a dense layer, a dimension of a hidden state, summed over its places. Its conductance is the part of ΔF that flows through it; a patch's share of it is what flows in from that patch. Errors are estimated for every patch and neuron, and three checks are always made: the layer adds up to ΔF, the parts of the sample add up to the conductance, and derivatives agree with forward passes.",
    "Only a cut, through which all of the change passes, adds up to ΔF. What passes beside another layer is measured, and nodes that form a cut with it are named.",
    "Exit codes: 0 done (also when it ended at --max-evaluations), 1 internal error, 2 bad input, 130 cancelled.",
  ],
  examples: [
    {
      what: "Which layers are there, and what does each carry? (run in samples/)",
      command: "pathlight neurons --layers --model models/digit-scenes --input scenes/0007.png",
    },
    {
      what: "Which channels of the third convolution does the upper left quarter of the picture drive?",
      command:
        "pathlight neurons --model models/digit-scenes --input scenes/0007.png --layer conv3 \\\n    --patch 0,0,24,24 --out out/conv3",
    },
    {
      what: "Every cell of a 7×7 grid to every unit, as an array",
      command:
        "pathlight neurons --model models/digit-scenes --input scenes/0007.png --layer conv3 \\\n    --grid 7x7 --out out/grid --json > neurons.json",
    },
    {
      what: "What two words of a question say to the phrase detectors",
      command:
        "pathlight neurons --model question-classifier --input questions.jsonl --row 4 \\\n    --layer phrases --tokens 0 --tokens 3-4 --out out/words",
    },
    {
      what: "Which units of a dense layer do both temperatures of a table row drive, and which the size of the home?",
      command:
        "pathlight neurons --model heating --input heating.csv --row 0 --layer hidden2 \\\n    --features outdoor_c,indoor_c --features floor_m2 --out out/home",
    },
  ],
};
