/**
 * A partition of the features that move, fine enough that every patch is a union of its parts. Patches may overlap: what a
 * patch gives is the sum over its atoms, exactly, because the derivative is linear in its direction.
 */
export interface Atoms {
  /** Atom of each feature; -1 for one that does not move along the path. */
  readonly atomOf: Int32Array;
  readonly count: number;
  /** Atoms of each patch; none where nothing of it moves. */
  readonly ofPatch: readonly (readonly number[])[];
}

/** `patches`: features of each. `moves`: whether x and x' differ in a feature. */
export function atomsOf(patches: readonly Uint32Array[], moves: (feature: number) => boolean, size: number): Atoms {
  const atomOf = Int32Array.from({ length: size }, (_, feature) => (moves(feature) ? 0 : -1));
  // Patches that an atom lies in; the first atom is what is in none.
  const within: number[][] = [[]];
  for (const [patch, features] of patches.entries()) {
    const split = new Map<number, number>();
    for (const feature of features) {
      const old = atomOf[feature] ?? -1;
      // What this patch has split off already is listed twice.
      if (old < 0 || within[old]?.at(-1) === patch) continue;
      const known = split.get(old);
      const atom = known ?? within.push([...(within[old] ?? []), patch]) - 1;
      if (known === undefined) split.set(old, atom);
      atomOf[feature] = atom;
    }
  }
  return withoutEmpty(atomOf, within, patches.length);
}

/** Atoms of which later patches took everything are gone; the others keep their order. */
function withoutEmpty(atomOf: Int32Array, within: readonly number[][], patchCount: number): Atoms {
  const used = new Set<number>();
  for (const atom of atomOf) if (atom >= 0) used.add(atom);
  const renamed = new Map([...used].sort((a, b) => a - b).map((atom, index) => [atom, index]));
  const ofPatch = Array.from({ length: patchCount }, (): number[] => []);
  for (const [atom, index] of renamed) for (const patch of within[atom] ?? []) ofPatch[patch]?.push(index);
  return { atomOf: atomOf.map((atom) => renamed.get(atom) ?? -1), count: renamed.size, ofPatch };
}
