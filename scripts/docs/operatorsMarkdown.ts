import { fileURLToPath } from "node:url";
import { activateBackend } from "../../src/backend/index.ts";
import { onnxOperators } from "../../src/models/onnx/operators.ts";
import {
  installGradientRepairs,
  kernelWrappers,
  repairedGradients,
  repairedKernels,
} from "../../src/models/repairs/installGradientRepairs.ts";
import type { ModelFormat } from "../../src/protocol/manifest.ts";
import { type GraphOperator, graphOperators } from "./graphOperators.ts";
import { layerClasses } from "./layerClasses.ts";
import { table } from "./markdownTable.ts";
import { provedKernels } from "./provedKernels.ts";

export const operatorsFile = fileURLToPath(new URL("../../docs/operators.md", import.meta.url));

const formats: Readonly<Record<ModelFormat, readonly [string, string, string]>> = {
  onnx: ["ONNX", "`.onnx`, weights in it or beside it", "operators below"],
  keras: ["Keras 3", "`.keras`", "layers below"],
  "keras-h5": ["Keras 2 and 3, HDF5", "`.h5`, `.hdf5` with the model's configuration", "layers below"],
  "tfjs-layers": ["TensorFlow.js layers model", "`model.json` and its weight files", "layers below"],
  "tfjs-graph": ["TensorFlow.js graph model", "`model.json` and its weight files", "TensorFlow operations below"],
};

/**
 * The tables of what is computed and differentiated, read off the code: the registries of operators, tfjs's registries
 * of kernels and gradients with Pathlight's repairs installed, and the finite-difference tests.
 */
export async function operatorsMarkdown(): Promise<string> {
  await activateBackend("cpu");
  installGradientRepairs();
  const proved = provedKernels();
  return `${[
    "# Formats, operators and layers",
    "Written by `npm run docs` from the code; do not edit it by hand. `docs/models.md` says how to get a model into one of these formats.",
    "## Formats",
    table(
      ["format", "files", "made of"],
      [
        ...Object.values(formats).map((cells) => [...cells]),
        [
          "TensorFlow SavedModel",
          "a folder with `saved_model.pb`",
          "converted into a TensorFlow.js graph model on request, in a Python with TensorFlow",
        ],
      ],
    ),
    "## What the columns say",
    [
      "- **yes, tested**: the gradient passes, and finite differences confirm it in the tests on every backend.",
      "- **yes**: it passes by TensorFlow.js's own gradient, which no test of Pathlight's covers by itself.",
      "- **steps**: piecewise constant. Its derivative is zero wherever there is one; a gradient that arrives there is refused by name, never passed on as zero.",
      "- **integers**: makes or reads whole numbers, booleans, text or constants, to which nothing can be attributed.",
      "- **refused**: it has a derivative that is not computed; a gradient that arrives there is refused by name.",
    ].join("\n"),
    "## ONNX operators",
    onnxTable(),
    "## TensorFlow operations (graph models)",
    "Fused convolutions and products are taken apart when a model is loaded. Operations with control flow, tables or a size that only values tell stop a model only where an explanation needs them. The last three columns say which backends compute the values.",
    graphTable(await graphOperators(proved)),
    "## Layers (TensorFlow.js layers models, Keras)",
    "Layers are made of the operations above. *Tested*: values and gradient of a model with this layer are compared with finite differences on every backend.",
    table(
      ["layer", "gradient"],
      layerClasses().map(({ name, tested }) => [`\`${name}\``, tested ? "yes, tested" : "not tested by itself"]),
    ),
    "## Repairs",
    "What TensorFlow.js gets wrong or lacks, put right by Pathlight (`src/models/repairs`), each with finite-difference tests.",
    repairs(),
  ].join("\n\n")}\n`;
}

function onnxTable(): string {
  const words = { yes: "yes, tested", integers: "integers", steps: "steps", refused: "refused" } as const;
  return table(
    ["operator", "gradient"],
    onnxOperators.map(({ name, gradient }) => [`\`${name}\``, words[gradient]]),
  );
}

function graphTable(operators: readonly GraphOperator[]): string {
  const mark = (on: boolean): string => (on ? "yes" : "no");
  return table(
    ["operation", "in an explanation", "gradient", "tensorflow", "wasm", "cpu"],
    operators.map(({ name, usable, gradient, backends }) => [
      `\`${name}\``,
      mark(usable),
      usable ? gradient : "",
      ...(usable ? [mark(backends.tensorflow), mark(backends.wasm), mark(backends.cpu)] : ["", "", ""]),
    ]),
  );
}

function repairs(): string {
  const kernels = [...repairedKernels, ...kernelWrappers].map(({ kernelName, backendName }) => ({
    kernelName,
    backendName,
  }));
  const names = [...new Set([...repairedGradients, ...kernels].map(({ kernelName }) => kernelName))].sort();
  return table(
    ["kernel of TensorFlow.js", "gradient", "values"],
    names.map((name) => [
      `\`${name}\``,
      repairedGradients.some(({ kernelName }) => kernelName === name) ? "repaired" : "",
      kernels
        .filter(({ kernelName }) => kernelName === name)
        .map(({ backendName }) => backendName)
        .join(", "),
    ]),
  );
}
