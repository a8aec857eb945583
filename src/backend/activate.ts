// The core alone has no gradients; the union package registers them, for every backend.
import "@tensorflow/tfjs";
import { PathlightError } from "../common/errors.ts";
import type { BackendInfo, BackendOptions, BackendPreference } from "./backendInfo.ts";
import { activateCpu } from "./cpu.ts";
import { activateTensorFlow } from "./tensorflow/activate.ts";
import { activateWasm } from "./wasm.ts";

/**
 * Makes a backend the one that tfjs computes on in this process. `auto` takes TensorFlow when it can be had, else
 * WebAssembly, else plain JavaScript, and its note says why not better.
 *
 * @throws PathlightError `backend-unavailable` or `backend-broken` when the backend that was asked for cannot be had.
 */
export async function activateBackend(
  preference: BackendPreference,
  options: BackendOptions = {},
): Promise<BackendInfo> {
  switch (preference) {
    case "tensorflow":
      return activateTensorFlow(options, true);
    case "wasm":
      return activateWasm();
    case "cpu":
      return activateCpu();
    case "auto":
      return activateBest(options);
  }
}

async function activateBest(options: BackendOptions): Promise<BackendInfo> {
  let note: string;
  try {
    return await activateTensorFlow(options, false);
  } catch (error) {
    note = why(error);
  }
  try {
    return { ...(await activateWasm()), note };
  } catch (error) {
    return { ...(await activateCpu()), note: `${note} ${why(error)}` };
  }
}

function why(error: unknown): string {
  if (!(error instanceof PathlightError)) throw error;
  const whatFailed = error.code === "backend-broken" ? `${error.message} Found ${error.details.found}.` : error.message;
  return `${whatFailed} \`pathlight doctor\` says what to do.`;
}
