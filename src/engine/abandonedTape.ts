import { engine } from "@tensorflow/tfjs-core";

/**
 * Frees what the gradient tape has saved. tfjs does it after a backward pass only; when the function under
 * `engine().gradients` throws, the saved tensors would stay for good. Nothing happens inside an outer gradient.
 */
export function freeAbandonedTape(): void {
  const { state } = engine();
  if (state.gradientDepth > 0 || !state.activeTape) return;
  for (const { saved } of state.activeTape.splice(0)) {
    for (const tensor of saved ?? []) if (!tensor.isDisposed) tensor.dispose();
  }
}
