/**
 * Keeps g at full resolution, one vector a node, so that any grain and any weights can be had later without another
 * evaluation. Vectors are never changed after `put`. Whoever made the store disposes it.
 */
export interface GradientStore {
  /** Returns the handle for `get`. */
  put(gradient: Float32Array): number;
  get(handle: number): Float32Array;
  dispose(): void;
}

export class MemoryGradientStore implements GradientStore {
  #gradients: Float32Array[] = [];

  put(gradient: Float32Array): number {
    return this.#gradients.push(gradient) - 1;
  }

  get(handle: number): Float32Array {
    const gradient = this.#gradients[handle];
    if (gradient === undefined)
      throw new RangeError(`No gradient ${handle}; the store holds ${this.#gradients.length}.`);
    return gradient;
  }

  dispose(): void {
    this.#gradients = [];
  }
}
