import type { Crop } from "../../protocol/explanation.ts";
import type { ImageInput } from "../../protocol/manifest.ts";
import type { DecodedImage } from "./decodedImage.ts";
import { type ImageLayout, imageLayout } from "./imageLayout.ts";
import { pixelScales } from "./pixelScale.ts";
import { type PreparedImage, pixelIndex } from "./preparedImage.ts";
import { type Raster, type Rectangle, resample } from "./resample.ts";

/**
 * The picture as the model's input: composited over black where the model has no opacity channel, cut or padded and
 * scaled (see {@link resample}), channels ordered, then `scale`, `mean` and `std`. `inputShape` has no batch axis.
 * Throws `sample-shape` and `manifest-invalid`.
 */
export function prepareImage(
  image: DecodedImage,
  input: ImageInput,
  inputShape: readonly (number | null)[],
): PreparedImage {
  const layout = imageLayout(input, inputShape);
  const { height, width, channels } = layout;
  const scales = pixelScales(input, channels);
  const { crop, content, box } = placement(image, input, layout);
  const { raster, alphaDropped } = channels === 4 ? withAlpha(image) : overBlack(image);
  const scaled = resample(raster, box, content.width, content.height);
  const order = channelOrder(input, channels);
  const place = { layout: layout.layout, height, width, channels };
  const data = new Float32Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside =
        y >= content.y && y < content.y + content.height && x >= content.x && x < content.x + content.width;
      const from = ((y - content.y) * content.width + (x - content.x)) * raster.channels;
      for (let channel = 0; channel < channels; channel++) {
        const source = order[channel] ?? 0;
        const value = inside ? (sampleAt(scaled, from, raster.channels, source) * 255) / image.white : input.padValue;
        const { factor, offset } = scales[channel] ?? { factor: 1, offset: 0 };
        data[pixelIndex(place, y, x, channel)] = value * factor + offset;
      }
    }
  }
  return {
    kind: "image",
    tensor: { shape: tensorShape(layout), data },
    ...place,
    original: { height: image.height, width: image.width },
    crop,
    content,
    scales,
    alphaChannel: channels === 4 ? 3 : null,
    alphaDropped,
    notes: notes(image, crop, input, alphaDropped),
  };
}

const luminance = -1;

/** For each channel of the model the channel of the picture, or {@link luminance}. */
function channelOrder(input: ImageInput, channels: number): number[] {
  if (channels === 1) return [luminance];
  const colours = input.channels === "bgr" ? [2, 1, 0] : [0, 1, 2];
  return channels === 4 ? [...colours, 3] : colours;
}

/** One channel of a scaled pixel. Grey from colour by ITU-R BT.601, the weights of Pillow, OpenCV and TensorFlow. */
function sampleAt(data: Float32Array, at: number, channels: number, source: number): number {
  if (channels === 1) return data[at] ?? 0;
  if (source !== luminance) return data[at + source] ?? 0;
  return 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
}

/** Without opacity: 1 or 3 channels, transparent places towards black. */
function overBlack(image: DecodedImage): { raster: Raster; alphaDropped: boolean } {
  const { width, height, channels, data, white } = image;
  if (channels === 1 || channels === 3) return { raster: { width, height, channels, data }, alphaDropped: false };
  const colours = channels - 1;
  const opaque = new Float32Array(width * height * colours);
  let alphaDropped = false;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = data[pixel * channels + colours] ?? white;
    if (alpha !== white) alphaDropped = true;
    for (let channel = 0; channel < colours; channel++) {
      opaque[pixel * colours + channel] = ((data[pixel * channels + channel] ?? 0) * alpha) / white;
    }
  }
  return { raster: { width, height, channels: colours, data: opaque }, alphaDropped };
}

/** Four channels for models that take opacity; colour is not multiplied by it. */
function withAlpha(image: DecodedImage): { raster: Raster; alphaDropped: boolean } {
  const { width, height, channels, data, white } = image;
  if (channels === 4) return { raster: { width, height, channels, data }, alphaDropped: false };
  const full = new Float32Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      full[pixel * 4 + channel] = data[pixel * channels + (channels === 3 ? channel : 0)] ?? 0;
    }
    full[pixel * 4 + 3] = channels === 2 ? (data[pixel * 2 + 1] ?? white) : white;
  }
  return { raster: { width, height, channels: 4, data: full }, alphaDropped: false };
}

/**
 * `crop`: the rectangle of the original that the whole input stands for; `box`: the part of it that is read;
 * `content`: where that part goes in the input.
 */
function placement(image: DecodedImage, { fit, cropFraction = 1 }: ImageInput, size: ImageLayout) {
  const { width, height } = size;
  const all: Rectangle = { x: 0, y: 0, width, height };
  const whole: Rectangle = { x: 0, y: 0, width: image.width, height: image.height };
  if (fit === "stretch") return { crop: { ...whole }, content: all, box: whole };
  if (fit === "crop") {
    const scale = Math.min(image.width / width, image.height / height) * cropFraction;
    const box = {
      x: (image.width - width * scale) / 2,
      y: (image.height - height * scale) / 2,
      width: width * scale,
      height: height * scale,
    };
    return { crop: { ...box }, content: all, box };
  }
  const scale = Math.max(image.width / width, image.height / height);
  const inner = {
    width: Math.min(width, Math.max(1, Math.round(image.width / scale))),
    height: Math.min(height, Math.max(1, Math.round(image.height / scale))),
  };
  const content = {
    x: Math.floor((width - inner.width) / 2),
    y: Math.floor((height - inner.height) / 2),
    ...inner,
  };
  const across = image.width / inner.width;
  const down = image.height / inner.height;
  const crop: Crop = { x: -content.x * across, y: -content.y * down, width: width * across, height: height * down };
  return { crop, content, box: whole };
}

function tensorShape({ layout, hasChannelAxis, height, width, channels }: ImageLayout): number[] {
  if (!hasChannelAxis) return [height, width];
  return layout === "channels-first" ? [channels, height, width] : [height, width, channels];
}

function notes(image: DecodedImage, crop: Crop, input: ImageInput, alphaDropped: boolean): string[] {
  const found: string[] = [];
  if (alphaDropped) found.push("The picture is transparent in places; the model saw black there.");
  if (image.pages > 1) found.push(`The first of ${image.pages} frames is explained.`);
  const seen = (crop.width * crop.height) / (image.width * image.height);
  if (input.fit === "crop" && seen < 0.995) {
    found.push(`The model saw ${Math.round(seen * 100)} % of the picture, cut from its centre.`);
  }
  return found;
}
