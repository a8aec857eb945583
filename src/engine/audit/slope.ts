/**
 * Steps of the differences, in units of the direction, widest first, each half of the one before. The few suffice where
 * a function is smooth.
 */
export const fewSteps: readonly number[] = [2 ** -8, 2 ** -9, 2 ** -10, 2 ** -11];
export const allSteps: readonly number[] = [2 ** -6, 2 ** -7, ...fewSteps, 2 ** -12];

/** So small that a function is straight over a few of them, and what is not straight is rounding. */
const TINY = 2 ** -17;
const close: readonly number[] = [-2 * TINY, -TINY, 0, TINY, 2 * TINY];

/** Where a function has to be known for `slopeOf`: in the middle, four places close by, and a pair for each step. */
export function offsetsOf(steps: readonly number[]): number[] {
  return [...close, ...steps.flatMap((step) => [step, -step])];
}

/** The pair of offsets that tells which way a value moves: neither lost in rounding nor far away. */
export const probingPair: readonly [number, number] = [2 ** -8, -(2 ** -8)];

export interface Slope {
  /** Derivative by central differences. */
  readonly slope: number;
  /** What it may be off by: rounding, and how much it still changes with the step. */
  readonly bar: number;
  /** Half of the jump of the slope at the middle, 0 where there is none: a kink, at which any slope in between is right. */
  readonly kink: number;
}

/**
 * The derivative at 0 of a function that is known at `offsetsOf(steps)`, from forward values alone.
 *
 * Rounding spoils a difference over a step h as 1/h, bends and kinks inside of the step spoil it less the smaller h is.
 * Rounding is measured: five values so close together lie on a line, and what they miss it by is rounding. Bends are
 * measured three ways, and all count: how far the slope moved when the step was halved, twice over; how far the slopes
 * to either side lie apart, between which the derivative is; and how far smaller steps lie away, beyond their rounding.
 * The step where all of it is least gives the answer.
 *
 * @param value Value at an offset, summed in float64.
 * @param rounding Standard deviation of the rounding of one value, at least.
 */
export function slopeOf(value: (offset: number) => number, steps: readonly number[], rounding: number): Slope {
  const noise = Math.max(rounding, scatter(close.map(value)));
  const differences = steps.map((step) => {
    const [up, down] = [value(step), value(-step)];
    return {
      slope: (up - down) / (2 * step),
      apart: Math.abs(up + down - 2 * value(0)) / step,
      rounding: (5 * noise) / (Math.SQRT2 * step),
    };
  });
  let best = { slope: Number.NaN, bar: Number.POSITIVE_INFINITY };
  for (const [k, { slope, apart, rounding: own }] of differences.entries()) {
    const [wider, widest] = [differences[k - 1], differences[k - 2]];
    if (wider === undefined || widest === undefined) continue;
    // Two steps may agree by chance; a third seldom joins them.
    const bends = Math.max(Math.abs(slope - wider.slope), Math.abs(wider.slope - widest.slope) / 2);
    const finer = differences.slice(k + 1).map((each) => Math.abs(each.slope - slope) - each.rounding);
    const bar = 2 * Math.max(bends, ...finer) + apart / 2 + own;
    if (bar < best.bar) best = { slope, bar };
  }
  return { ...best, kink: kinkOf(differences) };
}

/** Standard deviation of five equally spaced values about their line. */
function scatter(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / 5;
  const rise = values.reduce((sum, value, k) => sum + (k - 2) * value, 0) / 10;
  const rest = values.reduce((sum, value, k) => sum + (value - mean - (k - 2) * rise) ** 2, 0);
  return Math.sqrt(rest / 3);
}

/** The slopes to either side draw together as the step shrinks, unless the middle itself is a kink. */
function kinkOf(differences: readonly { readonly apart: number; readonly rounding: number }[]): number {
  const [far, near] = [differences.at(-4), differences.at(-1)];
  if (far === undefined || near === undefined) return 0;
  return near.apart > 3 * near.rounding && near.apart > far.apart / 2 ? near.apart / 2 : 0;
}
