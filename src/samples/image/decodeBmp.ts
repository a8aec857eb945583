import type { DecodedImage } from "./decodedImage.ts";

type Pixels = Pick<DecodedImage, "width" | "height" | "channels" | "data">;

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  readonly dataStart: number;
  readonly palette: Uint8Array;
  /** Bit masks of red, green, blue and alpha; 0 for no alpha. */
  readonly masks: readonly [number, number, number, number];
}

/**
 * Decodes a Windows bitmap: 1, 4, 8, 16, 24 and 32 bits, palettes, bit fields, RLE, both row orders.
 * Source: https://learn.microsoft.com/windows/win32/gdi/bitmap-storage. Throws `RangeError` where the bytes end early
 * and `Error` for what it does not read.
 */
export function decodeBmp(bytes: Uint8Array): Pixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view, bytes);
  const { width, height, bits } = header;
  const channels = header.masks[3] === 0 ? 3 : 4;
  const data = new Uint8Array(width * height * channels);
  const indices = header.compression === 1 || header.compression === 2 ? unpackRuns(view, header) : undefined;
  const stride = Math.ceil((width * bits) / 32) * 4;
  for (let row = 0; row < height; row++) {
    const line = header.topDown ? row : height - 1 - row;
    const start = header.dataStart + row * stride;
    for (let x = 0; x < width; x++) {
      const to = (line * width + x) * channels;
      if (bits <= 8) {
        const index = indices?.[row * width + x] ?? packedIndex(view, start, x, bits);
        if (index * 3 + 3 > header.palette.length) throw new Error(`colour ${index} is not in the palette`);
        data.set(header.palette.subarray(index * 3, index * 3 + 3), to);
      } else if (bits === 24) {
        data[to] = view.getUint8(start + x * 3 + 2);
        data[to + 1] = view.getUint8(start + x * 3 + 1);
        data[to + 2] = view.getUint8(start + x * 3);
      } else {
        const pixel = bits === 16 ? view.getUint16(start + x * 2, true) : view.getUint32(start + x * 4, true);
        for (let channel = 0; channel < channels; channel++)
          data[to + channel] = field(pixel, header.masks[channel] ?? 0);
      }
    }
  }
  return { width, height, channels, data };
}

function readHeader(view: DataView, bytes: Uint8Array): BmpHeader {
  const size = view.getUint32(14, true);
  const old = size === 12;
  if (!old && size < 40) throw new Error(`a bitmap header of ${size} bytes is not read`);
  const signedHeight = old ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old ? 0 : view.getUint32(30, true);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`${bits} bits a pixel are not read`);
  const known =
    [0, 3, 6].includes(compression) || (compression === 1 && bits === 8) || (compression === 2 && bits === 4);
  if (!known) throw new Error(`compression ${compression} with ${bits} bits a pixel is not read`);
  const withFields = compression === 3 || compression === 6;
  const fixed: BmpHeader["masks"] = bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
  const mask = (index: number) => view.getUint32(54 + index * 4, true);
  const masks: BmpHeader["masks"] = withFields
    ? [mask(0), mask(1), mask(2), compression === 6 || size >= 56 ? mask(3) : 0]
    : fixed;
  const maskBytes = withFields && size === 40 ? (compression === 6 ? 16 : 12) : 0;
  const entry = old ? 3 : 4;
  const colours = bits > 8 ? 0 : (old ? 0 : view.getUint32(46, true)) || 2 ** bits;
  if (colours > 256) throw new Error(`a palette of ${colours} colours is not read`);
  const palette = new Uint8Array(colours * 3);
  for (let index = 0; index < colours; index++) {
    const at = 14 + size + maskBytes + index * entry;
    for (let channel = 0; channel < 3; channel++) palette[index * 3 + channel] = view.getUint8(at + 2 - channel);
  }
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const dataStart = view.getUint32(10, true);
  if (dataStart >= bytes.length) throw new RangeError("the pixels lie behind the end of the file");
  return {
    width,
    height: Math.abs(signedHeight),
    topDown: signedHeight < 0,
    bits,
    compression,
    dataStart,
    palette,
    masks,
  };
}

function packedIndex(view: DataView, start: number, x: number, bits: number): number {
  const perByte = 8 / bits;
  const byte = view.getUint8(start + Math.floor(x / perByte));
  return (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1);
}

/** The bits of `pixel` under `mask`, stretched to 0-255. */
function field(pixel: number, mask: number): number {
  if (mask === 0) return 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const largest = mask >>> shift;
  return Math.round((((pixel & mask) >>> shift) * 255) / largest);
}

/** RLE8 and RLE4: the palette index of each pixel, rows in file order. Pixels that are skipped keep index 0. */
function unpackRuns(view: DataView, header: BmpHeader): Uint8Array {
  const { width, height, bits } = header;
  const indices = new Uint8Array(width * height);
  let at = header.dataStart;
  let x = 0;
  let row = 0;
  const put = (index: number) => {
    if (x < width && row < height) indices[row * width + x] = index;
    x++;
  };
  while (row < height) {
    const count = view.getUint8(at);
    const value = view.getUint8(at + 1);
    at += 2;
    if (count > 0) {
      for (let i = 0; i < count; i++) put(bits === 8 ? value : i % 2 === 0 ? value >> 4 : value & 15);
    } else if (value === 0) {
      x = 0;
      row++;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      x += view.getUint8(at);
      row += view.getUint8(at + 1);
      at += 2;
    } else {
      for (let i = 0; i < value; i++) {
        const byte = view.getUint8(at + (bits === 8 ? i : i >> 1));
        put(bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
      }
      // Absolute runs are padded to 16 bits.
      at += Math.ceil((value * bits) / 16) * 2;
    }
  }
  return indices;
}
