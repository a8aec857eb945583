import { activateBackend, type BackendName, backendNames } from "../../../src/backend/index.ts";
import { PathlightError } from "../../../src/common/errors.ts";

/** The backends of this machine; TensorFlow is left out where there is none, and a broken one is an error. */
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

export type { BackendName };
export { activateBackend };
