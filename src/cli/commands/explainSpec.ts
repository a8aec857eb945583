import { baselineNames } from "../../protocol/manifest.ts";
import { type CommandSpec, convertOption, helpOption } from "../optionSpec.ts";

export const explainSpec: CommandSpec = {
  name: "explain",
  summary: "Explain one sample: which of its parts made the model say what it said.",
  usage: [
    "pathlight explain --model PATH [--convert] [--manifest FILE] --input [NAME=]FILE … [--row N]",
    "    [--target INDEX|LABEL | --target-expression EXPRESSION] [--position N] [--prefix] [--pairs]",
    "    [--output NODE] [--from NODE] [--link logit|softmax|sigmoid]",
    "    [--baseline zeros|ones|mean|pad|…|VALUE|FILE|text:TEXT|stop-words:LANGUAGE]",
    "    [--hold nothing|padding|special] [--windows [OVERLAP|off]]",
    "    [--method integrated-gradients|gradient|input-x-gradient]",
    "    [--rule adaptive|gauss-legendre|midpoint|trapezoid|riemann-left|riemann-right] [--steps N]",
    "    [--tolerance 0.01] [--grain PIXELS] [--max-evaluations N]",
    "    [--backend auto|tensorflow|wasm|cpu] [--threads N] [--fail-above X] --out DIR [--json]",
  ].join("\n"),
  options: [
    {
      name: "model",
      value: "PATH",
      help: "Model file (.onnx, .keras, .h5, model.json of TensorFlow.js), its folder, or the name of a model in the manifest.",
    },
    {
      name: "manifest",
      value: "FILE",
      help: "pathlight.json with preprocessing, labels and defaults. Default: the nearest one above the model, then above the input; without one they are inferred.",
    },
    {
      name: "input",
      value: "[NAME=]FILE",
      multiple: true,
      help: "The sample: an image, a row of a .jsonl, .csv, .tsv or .txt file (with --row), or .npy as the model's own tensor (token ids where the model starts with an embedding); any file for a model that reads bytes. Once for each input of the model, NAME where there are several; attention mask, token types and positions follow from the text where they are not given.",
    },
    convertOption,
    {
      name: "text",
      value: "TEXT",
      multiple: true,
      help: "A piece of text as the sample, in place of --input. Twice for two texts: one for each input of the model that reads text, else a pair that it reads as one sequence.",
    },
    {
      name: "row",
      value: "N",
      help: "Row of the data file, counted from 0 (a CSV's header is not a row). Default: 0.",
    },
    {
      name: "column",
      value: "[INPUT=]NAME",
      multiple: true,
      help: "Column or key that holds the text. Twice for a pair that the model reads as one sequence; with the name of an input for a model with several. Default: from the manifest.",
    },
    {
      name: "target",
      value: "INDEX|LABEL",
      help: "The output that is explained, by index (from 0) or label; a whole number is an index. Of a model that writes a text: the token that it writes. Default: the predicted one, the first token written.",
    },
    {
      name: "position",
      value: "N",
      help: "Token of the text whose label is explained, by its position from 0, for a model that labels each. Default: the first that is labelled otherwise than O, else the one it is surest of.",
    },
    {
      name: "prefix",
      help: "For a model that writes a text: explain what it had written before each token as well, not the source alone.",
    },
    {
      name: "target-expression",
      value: "EXPRESSION",
      help: 'A calculation over outputs in place of one of them: predicted - runner_up, logit["cat"] - logit["dog"], cosine(a, b) of two outputs, log(probability[2]). Default: from the manifest. docs/expressions.md has the language.',
    },
    {
      name: "pairs",
      help: "For a target expression cosine(a, b) or dot(a, b) of two texts: what each token of the one says to each of the other, into token-matrix.json and token-matrix.npy.",
    },
    { name: "output", value: "NODE", help: "Output node, where the model has several." },
    {
      name: "from",
      value: "NODE",
      help: "Inner node that the path runs in, in place of the inputs: for models whose first part has no gradient. Attributions are of its values.",
    },
    {
      name: "link",
      value: "LINK",
      help: "logit: the node before a final softmax or sigmoid, or the output where there is none. softmax, sigmoid: the probability. Default: from the manifest, else logit.",
    },
    {
      name: "baseline",
      value: "BASELINE",
      help: `Where the path starts: ${baselineNames.join(", ")}, a number for every value of the model's input, or a file (.npy: the model's own tensor). For a text also text:TEXT, another text in the places of the sample's tokens, and stop-words:LANGUAGE or stop-words:FILE, the sample with its stop words only; mean-embedding is the mean over the rows of the embedding. mean: of the samples in the input's folder, or its data set. Default: from the manifest, else black, the zero embedding or zeros.`,
    },
    {
      name: "hold",
      value: "WHAT",
      help: "Tokens of a text that stay the sample's in the baseline, and so get no attribution: nothing, padding, or special (special tokens and padding). Default: from the manifest, else nothing; padding behind an attention mask always stays.",
    },
    {
      name: "windows",
      value: "[OVERLAP|off]",
      optionalValue: /^(\d.*|off)$/,
      help: "Read a text that is longer than the model takes in windows of that length, which share OVERLAP tokens (default: from the manifest, else a quarter of a window), and explain the mean of the score over them; off: its start alone. Default: from the manifest, else off.",
    },
    {
      name: "method",
      value: "METHOD",
      help: "integrated-gradients, gradient or input-x-gradient. Default: integrated-gradients.",
    },
    {
      name: "rule",
      value: "RULE",
      help: "adaptive, gauss-legendre, midpoint, trapezoid, riemann-left or riemann-right. Default: adaptive, which stops when both errors are within the tolerance.",
    },
    {
      name: "steps",
      value: "N",
      help: "Nodes of a rule that is not adaptive; the two ends of the path are evaluated as well. Default: 50.",
    },
    {
      name: "tolerance",
      value: "X",
      help: "Goal for the completeness error and the error per feature, such as 0.01 or 1%. Default: from the manifest, else 0.01.",
    },
    {
      name: "grain",
      value: "PIXELS",
      help: "Side of the cells that errors are taken over. Default: 8 where a side has more than 64 pixels, else 1.",
    },
    {
      name: "max-evaluations",
      value: "N",
      help: "Most gradient evaluations of the adaptive rule, at least 3. Default: 512.",
    },
    {
      name: "backend",
      value: "NAME",
      help: "auto, tensorflow, wasm or cpu. Default: auto, the fastest there is.",
    },
    {
      name: "threads",
      value: "N",
      help: "Threads on WebAssembly, each with its own copy of the model; 1 for a single one. Default: one for each core, at most 8, as memory allows. TensorFlow has its own.",
    },
    {
      name: "fail-above",
      value: "X",
      help: "Exit with 3 when the completeness error, relative to ΔF, is above X. Where ΔF is 0 it is taken relative to the size of the map.",
    },
    {
      name: "out",
      value: "DIR",
      help: "Folder for explanation.json, attributions-K.npy (one for each input, from 0) and report.html; for a model that writes a text also token-matrix.json and token-matrix.npy. Made where it is missing.",
    },
    { name: "json", help: "Print explanation.json instead of the table." },
    helpOption,
  ],
  notes: [
    "An explanation that ends suspect-gradient is audited by itself (see `pathlight audit`); the finding stands in the table, the report and audit.json.",
    "A model that writes a text (`generate` in pathlight.json) is decoded greedily, and every token that it writes is explained; --fail-above then holds for each.",
    "Exit codes: 0 done (also when it ended at --max-evaluations), 1 internal error, 2 bad input, 3 completeness error above --fail-above, 130 cancelled. Results go to standard output, progress and errors to standard error.",
  ],
  examples: [
    {
      what: "An image; preprocessing, labels and baseline come from pathlight.json (run in samples/)",
      command: "pathlight explain --model models/digit-scenes --input scenes/0007.png --out out/0007",
    },
    {
      what: "Another class, from mid-grey, the probability instead of the logit",
      command:
        "pathlight explain --model models/digit-scenes --input scenes/0007.png --target 3 \\\n    --baseline grey --link sigmoid --out out/0007-3",
    },
    {
      what: "Why this class and not the next one",
      command:
        'pathlight explain --model question-classifier --input questions.jsonl --row 4 \\\n    --target-expression "predicted - runner_up" --out out/q4-margin',
    },
    {
      what: "A text that is longer than the model takes, all of it",
      command: 'pathlight explain --model question-classifier --text "$(cat long.txt)" --windows 8 --out out/long',
    },
    {
      what: "The fifth row of a data file",
      command: "pathlight explain --model question-classifier --input questions.jsonl --row 4 --out out/q4",
    },
    {
      what: "What each character of a written date comes from",
      command: "pathlight explain --model dates --input dates.jsonl --row 0 --out out/date",
    },
    {
      what: "A check in CI: exit 3 when the map misses the score change by more than 2 %",
      command:
        "pathlight explain --model model.json --input x.npy --baseline zeros --fail-above 2% \\\n    --out out --json > result.json",
    },
  ],
};
