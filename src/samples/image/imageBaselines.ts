import { throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import type { ImageInput } from "../../protocol/manifest.ts";
import type { NumericTensor } from "../numericTensor.ts";
import { loadImage } from "./loadImage.ts";
import { type PreparedImage, pixelIndex } from "./preparedImage.ts";
import { prepareImage } from "./prepareImage.ts";

/**
 * A picture of one grey, 0-255, of the same size in the same preprocessing. Padding stays padding, and opacity stays
 * what it is: neither belongs to what the picture shows.
 */
export function uniformImage(image: PreparedImage, grey: number): NumericTensor {
  return mapContent(image, (_, channel) => {
    const { factor, offset } = image.scales[channel] ?? { factor: 1, offset: 0 };
    return grey * factor + offset;
  });
}

/**
 * The picture blurred by a Gaussian with a standard deviation of 1/12 of the model's width. Because the steps after
 * scaling are affine a channel, blurring the model's input is the same as blurring the scaled picture. At the edges
 * the weights inside the picture are taken alone and sum to 1.
 */
export function blurredImage(image: PreparedImage): NumericTensor {
  const kernel = gaussian(image.width / 12);
  const { content } = image;
  const across = convolve(image, image.tensor.data, kernel, 1, 0, content.x, content.width);
  const both = convolve(image, across, kernel, 0, 1, content.y, content.height);
  return mapContent(image, (index) => both[index] ?? 0);
}

/**
 * Mean of pictures in the preprocessing of `image`, in float64. Throws `baseline-invalid` when there is none, and
 * what {@link loadImage} throws.
 */
export async function meanOfImages(
  paths: readonly string[],
  input: ImageInput,
  inputShape: readonly (number | null)[],
  signal?: AbortSignal,
  onProgress?: (done: number, of: number) => void,
): Promise<NumericTensor> {
  let sum: Float64Array | undefined;
  let shape: number[] = [];
  for (const [index, path] of paths.entries()) {
    throwIfCancelled(signal);
    const { tensor } = prepareImage(await loadImage(path, signal), input, inputShape);
    shape = tensor.shape;
    sum ??= new Float64Array(tensor.data.length);
    for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + (tensor.data[at] ?? 0);
    onProgress?.(index + 1, paths.length);
  }
  if (sum === undefined) {
    throw new PathlightError("baseline-invalid", "There are no pictures to take the mean of.", {
      expected: "at least one picture",
      found: "none",
      whatToDo: "Choose another baseline, or put pictures beside the sample.",
    });
  }
  return { shape, data: Float32Array.from(sum, (value) => value / paths.length) };
}

function mapContent(image: PreparedImage, value: (index: number, channel: number) => number): NumericTensor {
  const data = Float32Array.from(image.tensor.data);
  const { content } = image;
  for (let y = content.y; y < content.y + content.height; y++) {
    for (let x = content.x; x < content.x + content.width; x++) {
      for (let channel = 0; channel < image.channels; channel++) {
        if (channel === image.alphaChannel) continue;
        const index = pixelIndex(image, y, x, channel);
        data[index] = value(index, channel);
      }
    }
  }
  return { shape: [...image.tensor.shape], data };
}

/** Weights for distances 0, 1, 2, … up to three standard deviations. */
function gaussian(deviation: number): number[] {
  const radius = Math.max(1, Math.ceil(3 * deviation));
  return Array.from({ length: radius + 1 }, (_, distance) => Math.exp(-(distance ** 2) / (2 * deviation ** 2)));
}

/** One direction of the blur, inside `start` to `start + length` along it. */
function convolve(
  image: PreparedImage,
  source: ArrayLike<number>,
  kernel: readonly number[],
  stepX: 0 | 1,
  stepY: 0 | 1,
  start: number,
  length: number,
): Float64Array {
  const result = new Float64Array(source.length);
  const { content } = image;
  for (let y = content.y; y < content.y + content.height; y++) {
    for (let x = content.x; x < content.x + content.width; x++) {
      const here = x * stepX + y * stepY;
      const from = Math.max(start, here - kernel.length + 1);
      const to = Math.min(start + length, here + kernel.length);
      for (let channel = 0; channel < image.channels; channel++) {
        let sum = 0;
        let total = 0;
        for (let at = from; at < to; at++) {
          const weight = kernel[Math.abs(at - here)] ?? 0;
          sum += weight * (source[pixelIndex(image, stepY === 1 ? at : y, stepX === 1 ? at : x, channel)] ?? 0);
          total += weight;
        }
        result[pixelIndex(image, y, x, channel)] = sum / total;
      }
    }
  }
  return result;
}
