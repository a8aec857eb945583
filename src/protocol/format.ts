/** Numbers as people read them: a true minus sign, a narrow no-break space before %, two or three significant digits. */

const MINUS = "\u2212";
export const MULTIPLY = "\u00d7";
const NARROW_SPACE = "\u202f";

function significant(value: number, digits: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0) return "0";
  if (magnitude >= 10 ** 6 || magnitude < 10 ** -4) return magnitude.toExponential(digits - 1);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(magnitude)));
  return magnitude.toFixed(Math.min(decimals, 12));
}

function isZeroText(text: string): boolean {
  return Number(text) === 0;
}

/** A score such as F(x): 7.55, −0.15. */
export function formatScore(value: number, digits = 3): string {
  const text = significant(value, digits);
  return value < 0 && !isZeroText(text) ? `${MINUS}${text}` : text;
}

/** A number of the sample, as its table has it: 146, 0.81, −11. The shortest that is the same in single precision. */
export function formatGiven(value: number): string {
  const size = Math.fround(Math.abs(value));
  let text = String(size);
  for (let digits = 1; digits < 10; digits++) {
    const shorter = Number(size.toPrecision(digits));
    if (Math.fround(shorter) !== size) continue;
    text = String(shorter);
    break;
  }
  return value < 0 && !isZeroText(text) ? `${MINUS}${text}` : text;
}

/** A signed value such as an attribution: +6.43, −0.15, 0. */
export function formatSigned(value: number, digits = 3): string {
  const text = significant(value, digits);
  if (isZeroText(text)) return "0";
  return `${value < 0 ? MINUS : "+"}${text}`;
}

/** Signed values that stand under each other, all with the decimals of the largest: +3.52, −0.06. */
export function formatSignedAlike(value: number, largest: number, digits = 3): string {
  const most = Math.max(Math.abs(largest), Math.abs(value));
  if (most === 0 || most >= 10 ** 6 || most < 10 ** -4) return formatSigned(value, digits);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(most)));
  const text = Math.abs(value).toFixed(Math.min(decimals, 12));
  if (isZeroText(text)) return "0";
  return `${value < 0 ? MINUS : "+"}${text}`;
}

/** A fraction as a percentage: 0.9 %, 61 %, >100 %, <0.01 %. */
export function formatPercent(fraction: number): string {
  const percent = Math.abs(fraction) * 100;
  const sign = fraction < 0 && percent > 0 ? MINUS : "";
  if (percent > 100) return `>${NARROW_SPACE}100${NARROW_SPACE}%`;
  if (percent === 0) return `0${NARROW_SPACE}%`;
  if (percent < 0.01) return `<${NARROW_SPACE}0.01${NARROW_SPACE}%`;
  const decimals = percent >= 10 ? 0 : percent >= 0.1 ? 1 : 2;
  return `${sign}${percent.toFixed(decimals)}${NARROW_SPACE}%`;
}

/** A setting such as the tolerance, without needless zeros: 2 %, 0.5 %. */
export function formatSetting(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(3))}${NARROW_SPACE}%`;
}

/** A share that may well be above 100 %: 38 %, −29.5 %, 250 %. */
export function formatShare(fraction: number): string {
  const percent = Math.abs(fraction) * 100;
  const text = percent >= 100 ? percent.toFixed(0) : percent.toFixed(1);
  return `${fraction < 0 && !isZeroText(text) ? MINUS : ""}${text}${NARROW_SPACE}%`;
}

/** A probability: 99.5 %, > 99.9 %, < 0.1 %. */
export function formatProbability(probability: number): string {
  if (probability > 0.999 && probability < 1) return `>${NARROW_SPACE}99.9${NARROW_SPACE}%`;
  if (probability > 0 && probability < 0.001) return `<${NARROW_SPACE}0.1${NARROW_SPACE}%`;
  return `${(probability * 100).toFixed(1)}${NARROW_SPACE}%`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)}${NARROW_SPACE}s`;
  if (seconds < 120) return `${seconds.toFixed(0)}${NARROW_SPACE}s`;
  return `${Math.floor(seconds / 60)}${NARROW_SPACE}min ${Math.round(seconds % 60)}${NARROW_SPACE}s`;
}

/** A count with its thousands apart: 12,345. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}
