import type { Slope } from "./slope.ts";

/**
 * `agrees`: within the error bar, and half a per cent. `differs`: further apart than both. `kink`: the one-sided
 * differences disagree, so that no derivative exists to compare with. `noise`: the error bar is too wide to tell.
 */
export type Agreement = "agrees" | "differs" | "kink" | "noise";

/** A gradient along a direction beside the difference of forward passes along it. */
export interface Comparison {
  /** Σ gradient · direction, as the model's gradient has it. */
  readonly gradient: number;
  /** The same by central differences. */
  readonly difference: number;
  /** What the difference may be off by. */
  readonly bar: number;
  /** What errors are relative to: the larger of the two, or √Σ(gradient · direction)² where the terms cancel. */
  readonly scale: number;
  readonly agreement: Agreement;
}

/** Less than this, relative, is no finding: the gradient itself is float32. */
const LEAST_ERROR = 0.005;
/** An error bar wider than this, relative, does not confirm anything. */
const WIDEST_BAR = 0.1;
/** A kink smaller than this, relative, only widens the bar. */
const LEAST_KINK = 0.02;

export function compare(gradient: number, reach: number, { slope, bar, kink }: Slope): Comparison {
  if (![gradient, slope, bar, reach].every(Number.isFinite)) {
    // Some value near by is not finite; that it is not here, the explanation itself has seen to.
    return { gradient: finite(gradient), difference: finite(slope), bar: 0, scale: 0, agreement: "noise" };
  }
  const scale = Math.max(Math.abs(gradient), Math.abs(slope), reach);
  const width = bar + kink;
  const shared = { gradient, difference: slope, bar: width, scale };
  const gap = Math.abs(gradient - slope);
  if (kink > LEAST_KINK * scale) return { ...shared, agreement: "kink" };
  if (gap > width + LEAST_ERROR * scale) return { ...shared, agreement: "differs" };
  // Where nothing happens there is nothing to confirm.
  return { ...shared, agreement: scale > 0 && width <= WIDEST_BAR * scale ? "agrees" : "noise" };
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

/** How far the gradient is off, relative. */
export function relativeError({ gradient, difference, scale }: Comparison): number {
  return scale > 0 ? Math.abs(gradient - difference) / scale : 0;
}

/** The error bar, relative. */
export function relativeBar({ bar, scale }: Comparison): number {
  return scale > 0 ? bar / scale : 0;
}
