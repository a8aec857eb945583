import { closest } from "./suggestion.ts";
import { usageError } from "./usageError.ts";

/** Readers of single option values. Each names the option and what it expects when the value does not fit. */

/** @throws PathlightError `usage` */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw usageError(`--${option} does not fit.`, {
    expected: `a whole number from ${least} to ${most}`,
    found: `"${text}"`,
  });
}

/** A fraction, `0.01` or `1%`. `above` and `below` are excluded themselves. @throws PathlightError `usage` */
export function fraction(
  option: string,
  text: string,
  limits: { least?: number; above?: number; below?: number },
): number {
  const match = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(%?)\s*$/i.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === "%" ? 100 : 1);
  const { least, above, below } = limits;
  const fits =
    Number.isFinite(value) &&
    (least === undefined || value >= least) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below);
  if (fits) return value;
  const parts = [
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  throw usageError(`--${option} does not fit.`, {
    expected: `a fraction ${parts.join(" and ")}, such as 0.05 or 5%`,
    found: `"${text}"`,
  });
}

/** @throws PathlightError `usage` */
export function oneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  const meant = closest(text, choices);
  throw usageError(`--${option} does not fit.`, {
    expected: `one of ${choices.join(", ")}`,
    found: `"${text}"`,
    ...(meant === undefined ? {} : { whatToDo: `Did you mean ${meant}?` }),
  });
}
