import { modelInvalid } from "../disk/modelErrors.ts";

/** Parses the part `name` of a model file. Errors: `model-invalid`. */
export function parseJson(file: string, name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw modelInvalid(
      file,
      `${name} is not JSON.`,
      "the configuration of a model",
      found.slice(0, 200),
      "Save the model again.",
      cause,
    );
  }
}
