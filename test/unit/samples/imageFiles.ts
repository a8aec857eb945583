import sharp, { type Sharp } from "sharp";

/** A picture for tests: 8 bits, interleaved. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
}

/** Every pixel and channel its own value, so that a swap of any two shows. */
export function gradient(width: number, height: number, channels: Pixels["channels"]): Pixels {
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        data[(y * width + x) * channels + channel] = [x * 20 + 5, y * 30 + 10, (x + y) * 9, 100 + x * 10][channel] ?? 0;
      }
    }
  }
  return { width, height, channels, data };
}

export function asSharp({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

interface BmpOptions {
  readonly bits: number;
  readonly compression?: number;
  readonly topDown?: boolean;
  readonly palette?: readonly (readonly [number, number, number])[];
  readonly masks?: readonly number[];
  readonly headerSize?: 12 | 40 | 108 | 124;
}

/** A bitmap by hand: `rows` are the bytes of each row in file order, padded here. */
export function bmp(width: number, height: number, rows: readonly (readonly number[])[], options: BmpOptions): Buffer {
  const { bits, compression = 0, topDown = false, palette = [], masks = [], headerSize = 40 } = options;
  const old = headerSize === 12;
  const inHeader = headerSize >= 56;
  const masksAfter = inHeader ? 0 : masks.length * 4;
  const colours = Buffer.from(
    palette.flatMap(([red, green, blue]) => (old ? [blue, green, red] : [blue, green, red, 0])),
  );
  const isRuns = compression === 1 || compression === 2;
  const pixels = Buffer.from(
    rows.flatMap((row) => (isRuns ? row : [...row, ...new Array((4 - (row.length % 4)) % 4).fill(0)])),
  );
  const start = 14 + headerSize + masksAfter + colours.length;
  const header = Buffer.alloc(14 + headerSize + masksAfter);
  header.write("BM");
  header.writeUInt32LE(start + pixels.length, 2);
  header.writeUInt32LE(start, 10);
  header.writeUInt32LE(headerSize, 14);
  if (old) {
    header.writeUInt16LE(width, 18);
    header.writeUInt16LE(height, 20);
    header.writeUInt16LE(1, 22);
    header.writeUInt16LE(bits, 24);
  } else {
    header.writeInt32LE(width, 18);
    header.writeInt32LE(topDown ? -height : height, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(compression, 30);
    header.writeUInt32LE(palette.length, 46);
    for (const [index, mask] of masks.entries()) header.writeUInt32LE(mask, 54 + index * 4);
  }
  return Buffer.concat([header, colours, pixels]);
}
