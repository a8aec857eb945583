/** Sides of a value without the batch axis; null: a side, or the whole shape, is not known here. */
export type Shape = readonly (number | null)[] | null;

/** What the names in a target expression stand for: a model at one sample, or as much as a panel knows of it. */
export interface ExpressionScope {
  /** The output that predictions are made of, which has the labels. */
  readonly head: {
    readonly output: string;
    /** Holds the logits; the output itself where nothing stands behind them. */
    readonly logit: string;
    /** What makes probabilities of the logits, whether the model does it or not; null: they are no such thing. */
    readonly probability: "softmax" | "sigmoid" | null;
    /** Whether the model itself does it. */
    readonly applied: boolean;
    /** Where the model labels each position of a text, first axis of the output: the one that is explained. */
    readonly position: number | null;
  };
  /** Of the values of the head, in order; null where they have no names. */
  readonly labels: readonly string[] | null;
  /** Index of the strongest logit, and of the one behind it; null where that is not known or there is none. */
  readonly predicted: number | null;
  readonly runnerUp: number | null;
  /** Names for outputs that are called otherwise: `a` and `b` of one encoder that reads two texts. */
  readonly aliases?: ReadonlyMap<string, string> | undefined;
  /** Names for a person to choose from. */
  readonly outputs: readonly string[];
  /** The shape of a node; undefined: there is no such node. */
  shapeOf(node: string): Shape | undefined;
  /** What each part along the first axis of a value counts in a mean, adding up to 1; null: all the same. */
  positionWeights(nodes: readonly string[], count: number): readonly number[] | null;
}
