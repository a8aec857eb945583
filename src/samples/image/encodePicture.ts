import sharp from "sharp";
import { loadImage } from "./loadImage.ts";

interface EncodedPicture {
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
  const image = await loadImage(path, signal);
  const { width, height, channels } = image;
  const bytes = image.data instanceof Uint16Array ? image.data.map((value) => value / 257 + 0.5) : image.data;
  const pixels = bytes instanceof Uint16Array ? Uint8Array.from(bytes) : bytes;
  const { data, info } = await sharp(pixels, { raw: { width, height, channels }, limitInputPixels: false })
    .resize({ width: maxSide, height: maxSide, fit: "inside", withoutEnlargement: true })
    .png({ compressionLevel: 6 })
    .toBuffer({ resolveWithObject: true });
  return { bytes: new Uint8Array(data), mime: "image/png", width: info.width, height: info.height };
}
