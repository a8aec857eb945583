import * as tf from "@tensorflow/tfjs-core";
import { activateBackend, type BackendName, backendNames } from "../../../src/backend/index.ts";
import { PathlightError } from "../../../src/common/errors.ts";

export type { BackendName };

/** Starts every backend of this machine. TensorFlow is left out where there is none; a broken one is an error. */
export async function usableBackends(): Promise<BackendName[]> {
  const usable: BackendName[] = [];
  for (const name of backendNames) {
    try {
      await activateBackend(name);
      usable.push(name);
    } catch (error) {
      if (!(error instanceof PathlightError) || name !== "tensorflow" || error.code !== "backend-unavailable")
        throw error;
    }
  }
  return usable;
}

/** Makes a backend that has been started the current one. */
export async function useBackend(name: BackendName): Promise<void> {
  if (!(tf.findBackend(name) ?? false)) await activateBackend(name);
  await tf.setBackend(name);
}
