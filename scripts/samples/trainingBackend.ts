import { activateBackend, type BackendInfo } from "../../src/backend/index.ts";
import { PathlightError } from "../../src/common/errors.ts";

/**
 * Native TensorFlow, which training needs: WebAssembly has no kernel for the gradient of a convolution's weights, and
 * plain JavaScript would take hours.
 *
 * @throws PathlightError `backend-unavailable` with the reason and what to do.
 */
export async function activateTrainingBackend(): Promise<BackendInfo> {
  const backend = await activateBackend("auto");
  if (backend.name === "tensorflow") return backend;
  throw new PathlightError("backend-unavailable", "The sample models can be trained on native TensorFlow only.", {
    expected: "TensorFlow, found through PATHLIGHT_TENSORFLOW or Python",
    found: `${backend.name}${backend.note === undefined ? "" : ` (${backend.note})`}`,
    whatToDo: "Install it, for example with `pip install tensorflow-cpu`, and run this again.",
  });
}
