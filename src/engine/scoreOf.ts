import { reshape, sigmoid, slice, softmax, type Tensor, type Tensor1D } from "@tensorflow/tfjs-core";
import { assertNever, PathlightError } from "../common/errors.ts";
import type { NodeId } from "./port.ts";

/** What is applied to the fetched node: nothing, or the function whose logits it holds (softmax over the last axis). */
export type Link = "identity" | "softmax" | "sigmoid";

/** The one number that is explained. */
export interface ScoreTarget {
  readonly fetch: NodeId;
  /** Place in the node without its batch axis: one index an axis, or one number counted over all of them. */
  readonly index: number | readonly number[];
  readonly link: Link;
}

/** [batch, ...] to the score of each row, [batch]. Differentiable; to be called inside `tidy`. */
export function scoreOf(output: Tensor, { index, link, fetch }: ScoreTarget): Tensor1D {
  const shape = output.shape.slice(1);
  const place = typeof index === "number" ? unflatten(index, shape) : index;
  if (place.length !== shape.length || place.some((at, axis) => !isWithin(at, shape[axis] as number))) {
    throw new PathlightError("target-invalid", `The target ${JSON.stringify(index)} is not in the output ${fetch}.`, {
      expected:
        shape.length === 1 ? `an index from 0 to ${(shape[0] as number) - 1}` : `an index into [${shape.join(", ")}]`,
      found: JSON.stringify(index),
      whatToDo: "Choose a target that the output has.",
    });
  }
  const linked = applyLink(output, link);
  const one = slice(linked, [0, ...place], [output.shape[0] as number, ...place.map(() => 1)]);
  return reshape(one, [output.shape[0] as number]);
}

function applyLink(output: Tensor, link: Link): Tensor {
  switch (link) {
    case "identity":
      return output;
    case "sigmoid":
      return sigmoid(output);
    case "softmax":
      if (output.rank > 1) return softmax(output);
      throw new PathlightError("link-invalid", "A softmax needs an output with more than one value a row.", {
        expected: "an output of shape [batch, ..., classes]",
        found: `[${output.shape.join(", ")}]`,
        whatToDo: "Explain the logit or use a sigmoid.",
      });
    default:
      return assertNever(link);
  }
}

function unflatten(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = index;
  for (const size of shape.toReversed()) {
    place.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return rest === 0 ? place : [];
}

function isWithin(index: number, size: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < size;
}
