import { PathlightError } from "../common/errors.ts";

const exhausted =
  /out of memory|\bOOM\b|resource exhausted|failed to allocate|allocation failed|memory access out of bounds|invalid array length|array buffer allocation/i;

/** What a backend or the tape threw, as an error with a code; what is no known trouble is returned as it is. */
export function fromTensorError(thrown: unknown): unknown {
  if (thrown instanceof PathlightError || !(thrown instanceof Error)) return thrown;
  if (exhausted.test(thrown.message)) {
    return new PathlightError(
      "out-of-memory",
      "The batch does not fit into memory.",
      { whatToDo: "Close other models, use a smaller input or a backend with more memory." },
      thrown,
    );
  }
  const op = /gradient function not found for (\w+)/.exec(thrown.message)?.[1];
  if (op !== undefined) {
    return new PathlightError(
      "model-not-differentiable",
      `The operation ${op} has no gradient.`,
      {
        expected: "operations with gradients between the explained input and the score",
        found: op,
        whatToDo: "Choose another output, or explain from a layer behind that operation.",
      },
      thrown,
    );
  }
  return thrown;
}
