import { type CommandSpec, helpOption } from "../optionSpec.ts";
import { explainSpec } from "./explainSpec.ts";

/** Options of `explain` that say nothing here. */
const others: ReadonlySet<string> = new Set(["pairs", "prefix", "fail-above", "out", "json", "help", "convert"]);

export const ablateSpec: CommandSpec = {
  name: "ablate",
  summary: "Switch neurons off and see what the model says, and which parts of the sample say it, without them.",
  usage: [
    "pathlight ablate --model PATH [--manifest FILE] --input [NAME=]FILE … [--row N]",
    "    --layer NODE --neurons LIST|top:K [--patch y0,x0,y1,x1 | --tokens LIST | --features LIST]",
    "    [--axis N] [--units]",
    "    [--value baseline|zero|mean] [--control N]",
    "    [--target INDEX|LABEL | --target-expression EXPRESSION] [--link logit|softmax|sigmoid]",
    "    [--baseline zeros|ones|mean|VALUE|FILE] [--tolerance 0.01] [--max-evaluations N]",
    "    [--backend auto|tensorflow|wasm|cpu] --out DIR [--json]",
  ].join("\n"),
  options: [
    ...explainSpec.options.filter(({ name }) => !others.has(name)),
    { name: "layer", value: "NODE", help: "Node whose neurons are switched off; pathlight inspect lists them." },
    {
      name: "neurons",
      value: "LIST|top:K",
      help: "Which of them, counted from 0: 3,5,10-20. top:K: the K whose conductance raises the score most. A neuron is a channel of a feature map, a unit of a dense layer, a dimension of a hidden state, at all of its places.",
    },
    {
      name: "patch",
      value: "y0,x0,y1,x1",
      help: "With top:K: the K that this rectangle of the picture drives most, in pixels as the model sees them, rows y0 to y1 and columns x0 to x1 without the ends.",
    },
    {
      name: "tokens",
      value: "LIST",
      help: "With top:K: the K that these tokens of a text drive most, by their positions from 0: 3-7, or 0,4,5.",
    },
    {
      name: "features",
      value: "LIST",
      help: "With top:K: the K that these features of a table row drive most, by the names of their columns or their places from 0.",
    },
    {
      name: "axis",
      value: "N",
      help: "Axis of the layer that counts the neurons, from 0, without that of the batch. Default: the last; of feature maps in ONNX the first.",
    },
    { name: "units", help: "Each number in --neurons is a single value of the layer, counted over all of its axes." },
    {
      name: "value",
      value: "VALUE",
      help: "What stands in their place: baseline, their activation at the baseline; zero; or mean, over up to 64 samples of the data set in pathlight.json that the sample belongs to. Default: baseline.",
    },
    {
      name: "control",
      value: "N",
      help: "How often as many other neurons of the layer are switched off at random, for comparison. Default: 5.",
    },
    {
      name: "out",
      value: "DIR",
      help: "Folder for ablation.json, and in before and after the files of `pathlight explain`. Made where it is missing.",
    },
    { name: "json", help: "Print ablation.json instead of the table." },
    helpOption,
  ],
  notes: [
    "Scores, predictions and attribution before and after are of the same sample, baseline and target. The attribution without the neurons has its own completeness error. What passes beside the layer goes on as before.",
    "Exit codes: 0 done, 1 internal error, 2 bad input, 130 cancelled.",
  ],
  examples: [
    {
      what: "Three channels of the third convolution (run in samples/)",
      command:
        "pathlight ablate --model models/digit-scenes --input scenes/0007.png \\\n    --layer conv3 --neurons 2,5,11 --out out/ablated",
    },
    {
      what: "The five channels that carry most, replaced by their mean over the data set",
      command:
        "pathlight ablate --model models/digit-scenes --input scenes/0007.png \\\n    --layer conv3 --neurons top:5 --value mean --control 20 --out out/ablated",
    },
  ],
};
