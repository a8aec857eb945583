import type { OpContext } from "./opContext.ts";
import type { Value } from "./value.ts";

/**
 * What becomes of a gradient at an operator:
 * - `yes`: it passes, proved by finite differences;
 * - `integers`: the operator makes or reads integers and booleans only, which nothing can be attributed to;
 * - `steps`: piecewise constant (Floor, Sign, a comparison): refused by name where a gradient arrives;
 * - `refused`: it has a derivative that is not computed: refused by name where a gradient arrives.
 */
export type GradientState = "yes" | "integers" | "steps" | "refused";

/** An ONNX operator, computed by tfjs operations. Several outputs come in the order of the node's. */
export interface OnnxOperator {
  readonly name: string;
  readonly gradient: GradientState;
  /** Inputs whose numbers, not only their shape, decide the shape of the output. */
  readonly shapeInputs?: readonly number[] | undefined;
  /** The output depends on the shape of the inputs alone (Shape, Size). */
  readonly readsShapeOnly?: boolean | undefined;
  /** Values that are made of the inputs; new tensors that the executor owns. */
  readonly run: (context: OpContext) => Value | readonly (Value | undefined)[];
}

type Options = Pick<OnnxOperator, "shapeInputs" | "readsShapeOnly"> & { readonly gradient?: GradientState };

export function operator(name: string, run: OnnxOperator["run"], options: Options = {}): OnnxOperator {
  return { name, run, gradient: "yes", ...options };
}
