import type { PathEnds } from "../audit/station.ts";
import type { Direction, JvpPoint } from "../jvpRows.ts";

/** The point x' + α (x − x') of a path; exact at both ends, and constant where sample and baseline agree. */
export function pathPoint(ends: readonly PathEnds[], alpha: number): JvpPoint[] {
  return ends.map(({ node, shape, x, baseline }) => ({
    node,
    shape,
    value: x.map((end, i) => {
      const start = baseline[i] as number;
      return alpha < 0.5 ? start + alpha * (end - start) : end - (1 - alpha) * (end - start);
    }),
  }));
}

/** (x − x') ⊙ mask, where the mask lets through the features that `keep` says; all of them unless told. */
export function pathDirection(ends: readonly PathEnds[], keep: (feature: number) => boolean = () => true): Direction {
  let offset = 0;
  return ends.map(({ x, baseline }) => {
    const first = offset;
    offset += x.length;
    return x.map((end, i) => (keep(first + i) ? end - (baseline[i] as number) : 0));
  });
}

/** All parts, one after the other: the features of all nodes of a path, as they are counted. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
