/** Where a TensorFlow was found; the order of the search. */
export const searchPlaces = ["setting", "python", "download", "tfjs-node"] as const;
export type SearchPlace = (typeof searchPlaces)[number];

/** A TensorFlow library that was found, not yet loaded. */
export interface Candidate {
  readonly place: SearchPlace;
  /** Folder of the library, absolute. */
  readonly folder: string;
  /** The library file itself. */
  readonly library: string;
  /** As its package says, where it does. */
  readonly version: string | undefined;
  /** The interpreter it belongs to, or the setting that named it. */
  readonly origin: string;
  /** A binding that is already linked against this library (tfjs-node's own); else it is ours to build. */
  readonly binding?: string | undefined;
}

/** A place that was looked at. */
export interface PlaceFinding {
  readonly place: SearchPlace;
  /** What was looked at: a folder, an interpreter. */
  readonly searched: string;
  readonly candidate?: Candidate | undefined;
  /** Why there is no candidate, half a sentence. */
  readonly missing?: string | undefined;
}
