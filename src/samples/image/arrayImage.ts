import type { ImageInput } from "../../protocol/manifest.ts";
import type { NumericTensor } from "../numericTensor.ts";
import { imageLayout } from "./imageLayout.ts";
import { pixelScales } from "./pixelScale.ts";
import type { PreparedImage } from "./preparedImage.ts";

/**
 * A tensor that is already the model's input, read as the picture that it holds: the same cells of pixels, baselines and
 * map as for a file, but no preprocessing and no original beside it. Throws what {@link imageLayout} throws.
 */
export function imageFromArray(tensor: NumericTensor, input: ImageInput): PreparedImage {
  const { layout, height, width, channels } = imageLayout(input, tensor.shape);
  const whole = { x: 0, y: 0, width, height };
  return {
    kind: "image",
    tensor,
    layout,
    height,
    width,
    channels,
    original: { height, width },
    crop: whole,
    content: whole,
    scales: pixelScales(input, channels),
    alphaChannel: channels === 4 ? 3 : null,
    alphaDropped: false,
    notes: [],
  };
}
