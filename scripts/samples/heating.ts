import type { Chance } from "./chance.ts";

/** A quantity that is known of a home: its column, and the range that homes are drawn from, evenly. */
interface HeatingFeature {
  readonly column: string;
  readonly low: number;
  readonly high: number;
  /** Decimals in the table; what is rounded is what the rule reads. */
  readonly decimals: number;
}

/** In the order that the model reads them. */
export const heatingFeatures = [
  { column: "outdoor_c", low: -15, high: 18, decimals: 1 },
  { column: "indoor_c", low: 17, high: 24, decimals: 1 },
  { column: "floor_m2", low: 30, high: 160, decimals: 0 },
  { column: "insulation_w_per_m2k", low: 0.25, high: 1.8, decimals: 2 },
  { column: "window_share", low: 0.08, high: 0.4, decimals: 2 },
  { column: "sun_hours", low: 0, high: 12, decimals: 1 },
  { column: "people", low: 1, high: 6, decimals: 0 },
  { column: "storey", low: 0, high: 9, decimals: 0 },
] as const satisfies readonly HeatingFeature[];

/** Feature values in that order. */
export type Home = readonly number[];

/** A home, and what heating it takes on one day, in kWh. */
export interface HeatedHome {
  readonly home: Home;
  readonly heating: number;
}

/** kWh in a day of one watt. */
const KWH_PER_W = 24 / 1000;
/** Outer surface to a square metre of floor. */
const SURFACE = 1.5;
/** What a person gives off in a day, kWh. */
const PERSON = 1.9;
/** kWh that an hour of sun brings through a square metre of glass. */
const SUN = 0.12;

/**
 * The rule that the table is made by: heat that leaves through the outer surface, less what people and the sun bring;
 * never below nothing. The storey has no say. kWh a day.
 */
export function heatingOf(home: Home): number {
  return Math.max(0, balanceOf(home));
}

function balanceOf(home: Home): number {
  const [outdoor = 0, indoor = 0, floor = 0, insulation = 0, windows = 0, sun = 0, people = 0] = home;
  const loss = KWH_PER_W * SURFACE * floor * insulation * (indoor - outdoor);
  return loss - PERSON * people - SUN * windows * floor * sun;
}

/** Gradient of {@link heatingOf}, nothing where it is nothing. */
export function heatingGradient(home: Home): number[] {
  if (balanceOf(home) <= 0) return home.map(() => 0);
  const [outdoor = 0, indoor = 0, floor = 0, insulation = 0, windows = 0, sun = 0] = home;
  const through = KWH_PER_W * SURFACE;
  return [
    -through * floor * insulation,
    through * floor * insulation,
    through * insulation * (indoor - outdoor) - SUN * windows * sun,
    through * floor * (indoor - outdoor),
    -SUN * floor * sun,
    -SUN * windows * floor,
    -PERSON,
    0,
  ];
}

const STEPS = 4000;

/**
 * Integrated Gradients of the rule from `baseline` to `home`, in float64: the midpoint rule, whose error on this polynomial
 * of degree three is far below what a table of a few figures shows.
 */
export function heatingAttribution(home: Home, baseline: Home): number[] {
  const sum = home.map(() => 0);
  for (let step = 0; step < STEPS; step++) {
    const alpha = (step + 0.5) / STEPS;
    const at = home.map((value, feature) => (baseline[feature] ?? 0) + alpha * (value - (baseline[feature] ?? 0)));
    heatingGradient(at).forEach((slope, feature) => {
      sum[feature] = (sum[feature] ?? 0) + slope / STEPS;
    });
  }
  return sum.map((slope, feature) => slope * ((home[feature] ?? 0) - (baseline[feature] ?? 0)));
}

export function drawHome(chance: Chance): HeatedHome {
  const home = heatingFeatures.map(({ low, high, decimals }) => Number(chance.uniform(low, high).toFixed(decimals)));
  return { home, heating: heatingOf(home) };
}
