import sharp from "sharp";
import { throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import { readSampleFile } from "../sampleFile.ts";
import { decodeBmp } from "./decodeBmp.ts";
import type { DecodedImage } from "./decodedImage.ts";
import { describeContent, headerSize, type ImageFormat, imageFormat } from "./imageFormat.ts";

/** Largest picture that is decoded: at 8 bit RGB it takes 537 MB. */
export const maxPixels = 178_956_970;

// A file can change while Pathlight runs; a cached decode would explain the picture that was there before.
sharp.cache(false);

/**
 * Reads PNG, JPEG, WebP, GIF (first frame), TIFF (first page), BMP and AVIF, by content, not by name. Orientation is
 * applied; 16-bit values are kept; CMYK becomes RGB; colour profiles are ignored, as Pillow, OpenCV and TensorFlow do.
 * Throws `sample-not-found`, `sample-empty`, `sample-unreadable` and `sample-too-large`.
 */
export async function loadImage(path: string, signal?: AbortSignal): Promise<DecodedImage> {
  throwIfCancelled(signal);
  const bytes = await readSampleFile(path, signal);
  throwIfCancelled(signal);
  const format = imageFormat(bytes);
  if (format === null) {
    throw unreadable(path, "The file is not a picture that Pathlight reads.", describeContent(bytes));
  }
  const size = headerSize(bytes, format);
  if (size !== null) checkSize(path, size.width, size.height);
  const image = format === "bmp" ? decodeBitmap(bytes, path) : await decodeWithSharp(bytes, format, path);
  throwIfCancelled(signal);
  return image;
}

function decodeBitmap(bytes: Uint8Array, path: string): DecodedImage {
  try {
    return { ...decodeBmp(bytes), white: 255, format: "bmp", pages: 1, path };
  } catch (cause) {
    if (cause instanceof RangeError) throw damaged(path, "bmp", "the file ends before the picture does", cause);
    throw damaged(path, "bmp", cause instanceof Error ? cause.message : String(cause), cause);
  }
}

async function decodeWithSharp(bytes: Buffer, format: ImageFormat, path: string): Promise<DecodedImage> {
  try {
    const options = { failOn: "error", ignoreIcc: true, limitInputPixels: false, autoOrient: true } as const;
    const header = await sharp(bytes, options).metadata();
    checkSize(path, header.width, header.height);
    if (header.depth !== "uchar" && header.depth !== "ushort") {
      throw unreadable(path, "The picture has pixels of a kind that is not read.", `pixels of type ${header.depth}`, {
        expected: "8 or 16 bits a channel",
        whatToDo: "Save it with 8 or 16 bits a channel, or as a .npy array of the model's own numbers.",
      });
    }
    const deep = header.depth === "ushort";
    const grey = header.channels === 1;
    const space = deep ? (grey ? "grey16" : "rgb16") : grey ? "b-w" : "srgb";
    const raw = sharp(bytes, options)
      .toColourspace(space)
      .raw({ depth: deep ? "ushort" : "uchar" });
    const { data, info } = await raw.toBuffer({ resolveWithObject: true });
    const { channels } = info;
    if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4) {
      throw unreadable(path, "The picture has a number of channels that is not read.", `${channels} channels`);
    }
    const pixels = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : new Uint8Array(data);
    const pages = header.pages ?? 1;
    return {
      width: info.width,
      height: info.height,
      channels,
      data: pixels,
      white: deep ? 65535 : 255,
      format,
      pages,
      path,
    };
  } catch (cause) {
    if (cause instanceof PathlightError) throw cause;
    throw damaged(path, format, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function checkSize(path: string, width: number, height: number): void {
  const found = `${width} × ${height} pixels`;
  if (width <= 0 || height <= 0) throw unreadable(path, "The picture has no pixels.", found);
  if (width * height > maxPixels) {
    throw new PathlightError("sample-too-large", "The picture is too large to decode.", {
      file: path,
      expected: `at most ${Math.floor(maxPixels / 1e6)} million pixels`,
      found,
      whatToDo: "Scale it down or cut out the part that matters.",
    });
  }
}

function damaged(path: string, format: ImageFormat, reason: string, cause: unknown): PathlightError {
  const line = reason.trim().split("\n").at(-1) ?? reason;
  return new PathlightError(
    "sample-unreadable",
    "The picture is truncated or damaged.",
    {
      file: path,
      expected: `a complete ${format.toUpperCase()} file`,
      found: line,
      whatToDo: "Copy or save the file again.",
    },
    cause,
  );
}

function unreadable(path: string, message: string, found: string, more: { expected?: string; whatToDo?: string } = {}) {
  return new PathlightError("sample-unreadable", message, {
    file: path,
    expected: "a PNG, JPEG, WebP, GIF, TIFF, BMP or AVIF picture",
    found,
    whatToDo: "Choose a picture, or save this one in one of these formats.",
    ...more,
  });
}
