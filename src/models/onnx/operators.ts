import { PathlightError } from "../../common/errors.ts";
import type { OnnxGraph, OnnxNode } from "./onnxGraph.ts";
import type { OnnxOperator } from "./operator.ts";
import { activationOperators } from "./ops/activations.ts";
import { arithmeticOperators } from "./ops/arithmetic.ts";
import { comparisonOperators } from "./ops/comparisons.ts";
import { constantOperators } from "./ops/constants.ts";
import { controlOperators } from "./ops/control.ts";
import { convolutionOperators } from "./ops/convolution.ts";
import { einsumOperators } from "./ops/einsum.ts";
import { elementaryOperators } from "./ops/elementary.ts";
import { fusedOperators } from "./ops/fused.ts";
import { gatherOperators } from "./ops/gathers.ts";
import { generatorOperators } from "./ops/generators.ts";
import { matMulOperators } from "./ops/matMul.ts";
import { normalizationOperators } from "./ops/normalization.ts";
import { padOperators } from "./ops/pad.ts";
import { poolingOperators } from "./ops/pooling.ts";
import { quantizationOperators } from "./ops/quantization.ts";
import { rearrangingOperators } from "./ops/rearrange.ts";
import { recurrentOperators } from "./ops/recurrent/operators.ts";
import { reductionOperators } from "./ops/reductions.ts";
import { resizeOperators } from "./ops/resize.ts";
import { scatterOperators } from "./ops/scatters.ts";
import { selectionOperators } from "./ops/selections.ts";
import { shapeOperators } from "./ops/shapes.ts";
import { sliceOperators } from "./ops/slices.ts";
import { transposedConvolutionOperators } from "./ops/transposedConvolution.ts";

/** Every operator that is computed. */
export const onnxOperators: readonly OnnxOperator[] = [
  ...activationOperators,
  ...arithmeticOperators,
  ...comparisonOperators,
  ...constantOperators,
  ...controlOperators,
  ...einsumOperators,
  ...elementaryOperators,
  ...fusedOperators,
  ...gatherOperators,
  ...generatorOperators,
  ...matMulOperators,
  ...quantizationOperators,
  ...reductionOperators,
  ...scatterOperators,
  ...selectionOperators,
  ...sliceOperators,
  ...convolutionOperators,
  ...poolingOperators,
  ...transposedConvolutionOperators,
  ...normalizationOperators,
  ...padOperators,
  ...rearrangingOperators,
  ...resizeOperators,
  ...recurrentOperators,
  ...shapeOperators,
].sort((a, b) => (a.name < b.name ? -1 : 1));

const byName = new Map(onnxOperators.map((operator) => [operator.name, operator]));

export function requireOperator(node: OnnxNode): OnnxOperator {
  const operator = byName.get(node.op);
  if (operator === undefined) throw new PathlightError("internal", `The operator ${node.op} was let through.`);
  return operator;
}

/** Nodes, those of inner graphs too, whose operator is not computed. */
export function unsupportedNodes(graph: OnnxGraph): OnnxNode[] {
  return graph.nodes.flatMap((node) => [
    ...(byName.has(node.op) ? [] : [node]),
    ...node.attributes.graphs().flatMap(unsupportedNodes),
  ]);
}
