import type { ImageFormat } from "./imageFormat.ts";

/** Pixels as they stand in the file, after EXIF orientation; colour profiles are not applied. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; interleaved, row by row from the top. */
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array | Uint16Array;
  /** The value of white: 255 or 65535. */
  readonly white: 255 | 65535;
  readonly format: ImageFormat;
  /** Frames or pages in the file; the first one is read. */
  readonly pages: number;
  readonly path: string;
}
