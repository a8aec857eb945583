import type { PreparedImage } from "./preparedImage.ts";
import { pixelIndex } from "./preparedImage.ts";

/** Values of the model's input, summed over the channels of each pixel in float64: [height × width], row by row. */
export function sumOverChannels(
  values: ArrayLike<number>,
  image: Pick<PreparedImage, "layout" | "height" | "width" | "channels">,
): Float32Array {
  const sums = new Float32Array(image.height * image.width);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      let sum = 0;
      for (let channel = 0; channel < image.channels; channel++) sum += values[pixelIndex(image, y, x, channel)] ?? 0;
      sums[y * image.width + x] = sum;
    }
  }
  return sums;
}
