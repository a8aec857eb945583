import type { BaselineName } from "./manifest.ts";

/** What a baseline is called wherever a person meets it. */
export const baselineLabels: Readonly<Record<BaselineName, string>> = {
  zeros: "Zeros",
  ones: "Ones",
  black: "Black",
  white: "White",
  grey: "Mid-grey",
  blurred: "Blurred",
  mean: "Mean of the samples",
  "zero-embedding": "Zero embedding",
  pad: "PAD token",
  mask: "MASK token",
  unknown: "UNK token",
  "mean-embedding": "Mean embedding",
};
