import { unsupportedShape } from "../disk/modelErrors.ts";
import type { OnnxInput } from "./onnxGraph.ts";

/** How an input of the file stands to the port, where every input has the batch axis first. */
export interface InputLayout {
  readonly name: string;
  readonly dtype: OnnxInput["dtype"];
  /** Without the batch axis; null where a side is free. */
  readonly shape: readonly (number | null)[];
  /** `free`: any number of rows; `one`: a batch axis of 1; `none`: one sample without a batch axis. */
  readonly batch: "free" | "one" | "none";
}

/**
 * Reads off the shape whether an input has a batch axis: a first side that is free or 1, unless names or the rank say
 * otherwise (a single number, a signal of one axis, a state with the layers first, a sequence before its batch).
 */
export function inputLayout({ name, shape, dtype }: OnnxInput): InputLayout {
  if (shape === undefined) {
    throw unsupportedShape(
      `The input ${name} does not say how many axes it has.`,
      "a shape, with named axes where the sides are free",
      "none",
      "Export the model with the shapes of its inputs.",
    );
  }
  const sides = shape.map((side) => (typeof side === "number" ? side : null));
  const [first] = shape;
  const signal = shape.length === 1 && dtype === "float32";
  const batchLater = isNamed(first, /seq|len|time/i) && shape.slice(1).some((side) => isNamed(side, /batch|^n$/i));
  if (first === undefined || signal || batchLater || (typeof first === "number" && first !== 1)) {
    const one = batchLater
      ? shape.map((side, axis) => (isNamed(side, /batch|^n$/i) ? 1 : (sides[axis] ?? null)))
      : sides;
    return { name, dtype, shape: one, batch: "none" };
  }
  return { name, dtype, shape: sides.slice(1), batch: first === 1 ? "one" : "free" };
}

function isNamed(side: number | string | undefined, pattern: RegExp): boolean {
  return typeof side === "string" && pattern.test(side);
}
