/**
 * What an integrator needs to know of a model: along the straight path x' + t (x − x'), the score f(t) and the vector
 * g(t) = (x − x') ⊙ ∇F, so that ∫g over [0, 1] is Integrated Gradients and Σg = df/dt.
 */
export interface PathIntegrand {
  /** Features: length of every g. */
  readonly size: number;
  /**
   * One batch. `f` has one value a node, `g` one vector of `size` a node; the caller owns them. Throws
   * `out-of-memory` when the batch was too large, upon which it is asked again with fewer nodes.
   */
  evaluate(alphas: readonly number[], signal?: AbortSignal): Promise<PathSamples>;
}

export interface PathSamples {
  readonly f: Float64Array;
  readonly g: readonly Float32Array[];
}
