import type { Explanation } from "../protocol/explanation.ts";

/** The same explanation with arrays of their own: those that arrive in a message are views of the whole message and keep it alive. */
export function compactExplanation(explanation: Explanation): Explanation {
  return copy(explanation) as Explanation;
}

/** The same for anything else that a message brought. */
export function compact<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (value instanceof Float32Array || value instanceof Float64Array) return value.slice();
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]));
}
