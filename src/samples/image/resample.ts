/** A rectangle in pixels; edges may lie between pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Interleaved, row by row. */
  readonly data: Uint8Array | Uint16Array | Float32Array;
}

interface Taps {
  /** First source pixel of each output pixel. */
  readonly first: Int32Array;
  /** Weights, `count` for each output pixel; they sum to 1. */
  readonly weights: Float64Array;
  readonly count: number;
}

/**
 * Scales the part `box` of `source` to `width` × `height`: a triangle filter as wide as an output pixel, at least one
 * source pixel (linear interpolation that averages where it shrinks; what Pillow calls BILINEAR and TensorFlow
 * `antialias`). Weights reach at most to the edge of the picture and sum to 1. At scale 1 pixels are copied exactly.
 * Float64 sums, no SIMD: the same numbers on every machine.
 */
export function resample(source: Raster, box: Rectangle, width: number, height: number): Float32Array {
  const { channels, data } = source;
  const across = filterTaps(source.width, box.x, box.width, width);
  const down = filterTaps(source.height, box.y, box.height, height);
  const top = down.first[0] ?? 0;
  const bottom = Math.min(source.height, (down.first[height - 1] ?? 0) + down.count);
  const rows = new Float32Array((bottom - top) * width * channels);
  for (let y = top; y < bottom; y++) {
    for (let x = 0; x < width; x++) {
      const first = across.first[x] ?? 0;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < across.count; tap++) {
          const weight = across.weights[x * across.count + tap] ?? 0;
          if (weight !== 0) sum += weight * (data[(y * source.width + first + tap) * channels + channel] ?? 0);
        }
        rows[((y - top) * width + x) * channels + channel] = sum;
      }
    }
  }
  const result = new Float32Array(height * width * channels);
  const line = width * channels;
  for (let y = 0; y < height; y++) {
    const first = (down.first[y] ?? 0) - top;
    for (let at = 0; at < line; at++) {
      let sum = 0;
      for (let tap = 0; tap < down.count; tap++) {
        const weight = down.weights[y * down.count + tap] ?? 0;
        if (weight !== 0) sum += weight * (rows[(first + tap) * line + at] ?? 0);
      }
      result[y * line + at] = sum;
    }
  }
  return result;
}

function filterTaps(sourceSize: number, start: number, length: number, size: number): Taps {
  const scale = length / size;
  const radius = Math.max(scale, 1);
  const count = Math.min(sourceSize, Math.ceil(radius) * 2 + 1);
  const first = new Int32Array(size);
  const weights = new Float64Array(size * count);
  for (let at = 0; at < size; at++) {
    const centre = start + (at + 0.5) * scale;
    const from = Math.min(Math.max(0, Math.floor(centre - radius)), sourceSize - count);
    let total = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = Math.max(0, 1 - Math.abs(from + tap + 0.5 - centre) / radius);
      weights[at * count + tap] = weight;
      total += weight;
    }
    for (let tap = 0; tap < count; tap++) weights[at * count + tap] = (weights[at * count + tap] ?? 0) / total;
    first[at] = from;
  }
  return { first, weights, count };
}
