import { unsupportedShape } from "../disk/modelErrors.ts";

/** Values in one tensor: 1 GB of float32. */
const mostValues = 2 ** 28;

/** For operators whose output a file can ask to be of any size. Throws before memory is taken. */
export function checkSize(shape: readonly number[], node: string): void {
  const size = shape.reduce((product, side) => product * side, 1);
  if (size <= mostValues && shape.every((side) => Number.isSafeInteger(side) && side >= 0)) return;
  throw unsupportedShape(
    `The node ${node} asks for a value that is too large.`,
    `at most ${mostValues} numbers`,
    `shape [${shape.join(", ")}]`,
    "Check the sizes in the model, or explain a smaller sample.",
  );
}
