import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import type { TFJSBinding } from "@tensorflow/tfjs-node/dist/tfjs_binding.js";
import { PathlightError } from "../../common/errors.ts";

let loaded: { file: string; binding: TFJSBinding } | undefined;

/**
 * Loads a compiled binding into this process and makes TensorFlow the backend of tfjs. Only after `probeBinding`: what
 * fails here kills the process. tfjs-node's own entry is not used, since it insists on its own download.
 */
export async function loadTensorFlow(file: string): Promise<TFJSBinding> {
  // Read by TensorFlow when it starts: errors only.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  restoreUtilHelpers();
  if (loaded?.file !== file) {
    const quiet = join(dirname(file), "quiet_start.node");
    if (existsSync(quiet)) process.dlopen({ exports: {} }, quiet);
    const target = { exports: {} };
    process.dlopen(target, file, constants.dlopen.RTLD_NOW);
    const { NodeJSKernelBackend } = await import("@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js");
    await import("@tensorflow/tfjs-node/dist/register_all_kernels.js");
    const binding = target.exports as TFJSBinding;
    if (loaded !== undefined) tf.removeBackend("tensorflow");
    tf.registerBackend("tensorflow", () => new NodeJSKernelBackend(binding, "tensorflow"), 3);
    loaded = { file, binding };
  }
  if (!(await tf.setBackend("tensorflow"))) {
    throw new PathlightError("backend-broken", "TensorFlow was loaded, but tfjs cannot compute on it.", {
      file,
      whatToDo: "Use WebAssembly, and report it with the log.",
    });
  }
  return loaded.binding;
}

/** tfjs-node calls helpers of node:util that Node 23 removed. */
function restoreUtilHelpers(): void {
  const helpers: Record<string, (value: unknown) => boolean> = {
    isNullOrUndefined: (value) => value === null || value === undefined,
    isArray: Array.isArray,
  };
  for (const [name, helper] of Object.entries(helpers)) {
    if (!(name in util)) Object.defineProperty(util, name, { value: helper, configurable: true });
  }
}
