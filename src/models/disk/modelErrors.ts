import { PathlightError } from "../../common/errors.ts";

/** The model file itself is at fault: what stands in it, and what should. */
export function modelInvalid(
  file: string,
  message: string,
  expected: string,
  found: string,
  whatToDo: string,
  cause?: unknown,
): PathlightError {
  return new PathlightError("model-invalid", message, { file, expected, found, whatToDo }, cause);
}

export function unsupportedShape(message: string, expected: string, found: string, whatToDo: string): PathlightError {
  return new PathlightError("model-unsupported-shape", message, { expected, found, whatToDo });
}
