import { PathlightError } from "../../common/errors.ts";
import type { ImageInput } from "../../protocol/manifest.ts";
import { shapeText } from "../numericTensor.ts";

export type Layout = "channels-last" | "channels-first";

/** How a picture lies in the input of a model. */
export interface ImageLayout {
  /** An input without an axis for channels counts as channels last. */
  readonly layout: Layout;
  readonly hasChannelAxis: boolean;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3 | 4;
}

/**
 * Reads height, width and channels off the input shape (without batch axis) and the manifest. Throws `sample-shape`
 * where the input cannot hold a picture, where its size is free and the manifest has none, and where both disagree.
 */
export function imageLayout(input: ImageInput, shape: readonly (number | null)[]): ImageLayout {
  const layout = input.layout ?? guessLayout(shape);
  const axes = layout === null ? undefined : axesOf(layout, shape);
  if (layout === null || axes === undefined) throw noPicture(shape);
  const channels = axes.channels ?? (input.channels === "grey" ? 1 : 3);
  if (channels !== 1 && channels !== 3 && channels !== 4) throw noPicture(shape);
  if (input.channels !== undefined && (input.channels === "grey") !== (channels === 1)) {
    throw mismatch(
      "The manifest and the model disagree on the channels.",
      `${channels} channels (the model)`,
      `channels ${JSON.stringify(input.channels)} (the manifest)`,
      "Correct `channels` in pathlight.json.",
    );
  }
  const height = axes.height ?? input.size?.[0];
  const width = axes.width ?? input.size?.[1];
  if (height === undefined || width === undefined) {
    throw mismatch(
      "The model takes pictures of any size.",
      "a size in the manifest",
      `an input of ${shapeText(shape)}`,
      'Set it in pathlight.json, for example "size": [224, 224] (height, width).',
    );
  }
  if (input.size !== undefined && (input.size[0] !== height || input.size[1] !== width)) {
    throw mismatch(
      "The manifest and the model disagree on the size of the picture.",
      `${height} × ${width} (height × width, the model)`,
      `${shapeText(input.size)} (the manifest)`,
      "Correct or remove `size` in pathlight.json.",
    );
  }
  return { layout, hasChannelAxis: shape.length === 3, height, width, channels };
}

/** The layout that a shape without batch axis has by the place of its 1, 3 or 4; null: no picture. */
export function guessLayout(shape: readonly (number | null)[]): Layout | null {
  const isChannels = (side: number | null | undefined) => side === 1 || side === 3 || side === 4;
  if (shape.length === 2) return "channels-last";
  if (shape.length !== 3) return null;
  if (isChannels(shape[2])) return "channels-last";
  if (isChannels(shape[0])) return "channels-first";
  return shape[2] === null ? "channels-last" : null;
}

function axesOf(layout: Layout, shape: readonly (number | null)[]) {
  if (shape.length === 2) return { height: shape[0], width: shape[1], channels: 1 };
  if (shape.length !== 3) return undefined;
  if (layout === "channels-first") return { channels: shape[0], height: shape[1], width: shape[2] };
  return { height: shape[0], width: shape[1], channels: shape[2] };
}

function noPicture(shape: readonly (number | null)[]): PathlightError {
  return mismatch(
    "The input of the model does not hold a picture.",
    "height × width × 1, 3 or 4, or channels first",
    shapeText(shape),
    'Describe the input in pathlight.json, for example as "kind": "tensor" with a .npy file.',
  );
}

function mismatch(message: string, expected: string, found: string, whatToDo: string): PathlightError {
  return new PathlightError("sample-shape", message, { expected, found, whatToDo });
}
