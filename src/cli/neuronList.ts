import { usageError } from "./usageError.ts";

/** Neurons by name, or how many of the strongest. */
export type NeuronChoice =
  | { readonly kind: "list"; readonly neurons: readonly number[] }
  | { readonly kind: "top"; readonly count: number };

/** So many fit into any layer that can be computed. */
const MOST = 1_000_000;

/** Takes `3,5,10-20` or `top:8` apart. @throws PathlightError `usage` */
export function neuronChoice(text: string): NeuronChoice {
  const top = /^top:(\d+)$/.exec(text.trim())?.[1];
  if (top !== undefined && Number(top) >= 1 && Number(top) <= MOST) return { kind: "top", count: Number(top) };
  const neurons = numberList(text);
  if (neurons === null) throw wrongList(text);
  return { kind: "list", neurons };
}

/** Takes `3,5,10-20` apart; null where that is not what it is. */
export function numberList(text: string): number[] | null {
  const numbers: number[] = [];
  for (const part of text.split(",")) {
    const [, first, last = first] = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (!(from <= to && to < MOST)) return null;
    for (let number = from; number <= to; number++) numbers.push(number);
  }
  return numbers;
}

/** Takes `y0,x0,y1,x1` apart. @throws PathlightError `usage` */
export function rectangle(text: string): { y0: number; x0: number; y1: number; x1: number } {
  const [y0, x0, y1, x1, ...more] = text
    .split(",")
    .map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  if (
    y0 === undefined ||
    x0 === undefined ||
    y1 === undefined ||
    x1 === undefined ||
    more.length > 0 ||
    !(y0 < y1 && x0 < x1)
  ) {
    throw usageError("--patch does not fit.", {
      expected: "y0,x0,y1,x1: the first row and column, and the row and column behind the last",
      found: `"${text}"`,
    });
  }
  return { y0, x0, y1, x1 };
}

function wrongList(text: string): Error {
  return usageError("--neurons does not fit.", {
    expected: "numbers and ranges such as 3,5,10-20, or top:K",
    found: `"${text}"`,
  });
}
