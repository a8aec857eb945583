/** Neurons that the pruning experiment ends at, of the layer. */
const PRUNED = 0.05;
const POINTS = 10;

/** How many neurons are switched off, ascending, no two alike: up to a twentieth of the layer, of small ones more. */
export function pruningCounts(neurons: number): number[] {
  const last = Math.max(Math.min(neurons, POINTS), Math.round(neurons * PRUNED));
  const counts = Array.from({ length: POINTS }, (_, at) => Math.max(1, Math.round(((at + 1) / POINTS) * last)));
  return [...new Set(counts)];
}
