import type { Crop } from "../../protocol/explanation.ts";
import type { NumericTensor } from "../numericTensor.ts";
import type { Layout } from "./imageLayout.ts";
import type { PixelScale } from "./pixelScale.ts";
import type { Rectangle } from "./resample.ts";

/** A picture as the input of a model, with what it takes to lead a pixel of it back to the original. */
export interface PreparedImage {
  readonly kind: "image";
  readonly tensor: NumericTensor;
  readonly layout: Layout;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly original: { readonly height: number; readonly width: number };
  /** The model saw this rectangle of the original, in its pixels; it reaches outside for fit `pad`. */
  readonly crop: Crop;
  /** The part of the model's picture that the original fills; the rest is padding. Whole pixels. */
  readonly content: Rectangle;
  /** One step a channel of the model's input. */
  readonly scales: readonly PixelScale[];
  /** Which channel is opacity; null: none. */
  readonly alphaChannel: number | null;
  /** Transparency was lost. */
  readonly alphaDropped: boolean;
  /** Sentences on what the preprocessing lost or chose. */
  readonly notes: readonly string[];
}

/** Where the value of a pixel and channel stands in the tensor. */
export function pixelIndex(
  image: Pick<PreparedImage, "layout" | "height" | "width" | "channels">,
  y: number,
  x: number,
  channel: number,
): number {
  if (image.layout === "channels-first") return (channel * image.height + y) * image.width + x;
  return (y * image.width + x) * image.channels + channel;
}
