import sharp from "sharp";
import type { DecodedImage } from "./decodedImage.ts";
import { loadImage } from "./loadImage.ts";

export interface EncodedPicture {
  readonly bytes: Uint8Array;
  readonly mime: "image/png";
  readonly width: number;
  readonly height: number;
}

/**
 * The original as a PNG of 8 bits for the panel, upright, no side longer than `maxSide` pixels; opacity stays. Throws
 * what {@link loadImage} throws.
 */
export async function encodePicture(path: string, maxSide: number, signal?: AbortSignal): Promise<EncodedPicture> {
  return encodeImage(await loadImage(path, signal), maxSide);
}

/** As {@link encodePicture}, of a picture that is already decoded. */
export async function encodeImage(image: DecodedImage, maxSide: number): Promise<EncodedPicture> {
  const { width, height, channels } = image;
  const bytes = image.data instanceof Uint16Array ? image.data.map((value) => value / 257 + 0.5) : image.data;
  const pixels = bytes instanceof Uint16Array ? Uint8Array.from(bytes) : bytes;
  const { data, info } = await sharp(pixels, { raw: { width, height, channels }, limitInputPixels: false })
    .resize({ width: maxSide, height: maxSide, fit: "inside", withoutEnlargement: true })
    .png({ compressionLevel: 6 })
    .toBuffer({ resolveWithObject: true });
  return { bytes: new Uint8Array(data), mime: "image/png", width: info.width, height: info.height };
}
