/** Of a value, relative: half a unit in the last place of float32, and as much again from the sums behind it. */
export const ROUNDING = 2 ** -23;

/** Values to either side of a point, at a step; NaN where they are missing. */
type Sides = readonly [up: Float32Array | undefined, down: Float32Array | undefined, step: number];

/**
 * Central differences at two steps, h and h/2, extrapolated: D = (4 D(h/2) − D(h)) / 3. With S(h) the second difference
 * (H(h) − 2 H(0) + H(−h)) / 2h, the error is taken for 2 |D(h/2) − D(h)| / 3 + |2 S(h/2) − S(h)|: for one kink within
 * the step, wherever it lies, that is what D is off by or more, while the second term is O(h³) where H is smooth.
 */
export function extrapolated(
  middle: Float32Array,
  [up, down, wide]: Sides,
  [nearUp, nearDown, narrow]: Sides,
): { readonly derivative: Float32Array; readonly error: number } {
  let error = 0;
  const derivative = middle.map((value, k) => {
    const far = pairOf(up?.[k], down?.[k], value, wide);
    const near = pairOf(nearUp?.[k], nearDown?.[k], value, narrow);
    const rounding = (2 * ROUNDING * Math.abs(value)) / narrow;
    const kink = Math.max(0, Math.abs(2 * near.bend - far.bend) - 2 * rounding);
    error += (2 * Math.abs(near.slope - far.slope)) / 3 + kink + rounding;
    return (4 * near.slope - far.slope) / 3;
  });
  return { derivative, error };
}

/** First and second difference over a step, the latter as a slope too: 0 on a straight line. */
function pairOf(up = Number.NaN, down = Number.NaN, middle: number, step: number): { slope: number; bend: number } {
  return { slope: (up - down) / (2 * step), bend: (up - 2 * middle + down) / (2 * step) };
}

/** Σ|derivative − difference| and Σ|difference|. */
export function gapOf(derivative: ArrayLike<number>, difference: ArrayLike<number>): { gap: number; size: number } {
  let [gap, size] = [0, 0];
  for (let k = 0; k < difference.length; k++) {
    const [left, right] = [derivative[k] ?? 0, difference[k] as number];
    if (!Number.isFinite(left) || !Number.isFinite(right)) continue;
    gap += Math.abs(left - right);
    size += Math.abs(right);
  }
  return { gap, size };
}
