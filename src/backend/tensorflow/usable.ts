import { PathlightError } from "../../common/errors.ts";
import type { BackendOptions } from "../backendInfo.ts";
import { ensureBinding } from "./binding.ts";
import type { Candidate } from "./candidate.ts";
import { checkLibraryFiles, type Probe, probeBinding } from "./probe.ts";
import { searchTensorFlow } from "./search.ts";

/** A TensorFlow that has been seen to load. */
export interface UsableTensorFlow {
  readonly candidate: Candidate;
  readonly binding: string;
  readonly probe: Probe;
}

/** Takes one candidate as far as a probe; what goes wrong on the way is returned. */
export async function tryCandidate(
  candidate: Candidate,
  options: BackendOptions,
): Promise<UsableTensorFlow | PathlightError> {
  try {
    checkLibraryFiles(candidate);
    const binding = await ensureBinding(candidate, options);
    return { candidate, binding, probe: await probeBinding(candidate, binding, options) };
  } catch (error) {
    if (error instanceof PathlightError) return error;
    throw error;
  }
}

/** The first TensorFlow that loads, of those that are on the machine. */
export async function findUsable(options: BackendOptions = {}): Promise<UsableTensorFlow | undefined> {
  for await (const { candidate } of searchTensorFlow(options)) {
    if (candidate === undefined) continue;
    const result = await tryCandidate(candidate, options);
    if (!(result instanceof PathlightError)) return result;
    options.onProgress?.(result.message);
  }
  return undefined;
}
