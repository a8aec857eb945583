import { PathlightError } from "../../common/errors.ts";

/**
 * Places of values, the largest first, equal ones in their order; what is no number is left out. With a sign: what
 * lowers the score is last.
 */
export function byStrength(values: ArrayLike<number>): number[] {
  const places = Array.from({ length: values.length }, (_, place) => place);
  return places
    .filter((place) => !Number.isNaN(values[place]))
    .sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
}

/** The first of `byStrength`. Throws `usage` where there are fewer. */
export function strongest(values: ArrayLike<number>, count: number): number[] {
  const order = byStrength(values);
  if (count <= order.length) return order.slice(0, count);
  throw new PathlightError("usage", `The layer has ${order.length} neurons, not ${count}.`, {
    expected: `at most ${order.length}`,
    found: String(count),
    whatToDo: "Ask for fewer.",
  });
}
