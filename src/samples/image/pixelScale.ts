import { PathlightError } from "../../common/errors.ts";
import type { ImageInput } from "../../protocol/manifest.ts";

/** What a pixel value of 0-255 becomes in one channel of the model's input: value × factor + offset. */
export interface PixelScale {
  readonly factor: number;
  readonly offset: number;
}

/**
 * `scale`, `mean` and `std` of the manifest as one step a channel. Mean and std are in the order of the model's
 * channels. Throws `manifest-invalid` for a std of 0 and for a number of values that is not the number of channels.
 */
export function pixelScales(input: ImageInput, channels: number): PixelScale[] {
  const means = perChannel("mean", input.mean ?? 0, channels);
  const deviations = perChannel("std", input.std ?? 1, channels);
  const [low, high] = input.scale;
  return means.map((mean, channel) => {
    const deviation = deviations[channel] ?? 1;
    if (deviation === 0) throw invalid("`std` holds a 0.", "numbers other than 0", "0");
    return { factor: (high - low) / 255 / deviation, offset: (low - mean) / deviation };
  });
}

function perChannel(name: string, value: number | readonly number[], channels: number): number[] {
  if (typeof value === "number") return new Array<number>(channels).fill(value);
  if (value.length === channels) return [...value];
  throw invalid(
    `\`${name}\` does not have a value for each channel.`,
    `one number, or ${channels}`,
    `${value.length} numbers`,
  );
}

function invalid(message: string, expected: string, found: string): PathlightError {
  return new PathlightError("manifest-invalid", message, {
    expected,
    found,
    whatToDo: "Correct the input of the model in pathlight.json.",
  });
}
