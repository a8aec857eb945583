import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** One handwritten digit: 8 × 8 values in [0, 1], row by row, and its row in the source file. */
export interface DigitImage {
  readonly row: number;
  readonly digit: number;
  readonly pixels: Float64Array;
}

const SIDE = 8;
/** Pen counts in the file run from 0 to 16. */
const FULL = 16;

/**
 * The UCI optical recognition digits in the form that scikit-learn ships (see `data/README.md`), split in two.
 * The last `heldOut` rows of the file are the test part: neighbouring rows look as if they came from the same
 * writers, and a cut in the file's order keeps such neighbours together, which a random split would not. No picture is on both sides, also
 * not as an exact copy.
 */
export function readDigitImages(heldOut: number): { training: DigitImage[]; heldOut: DigitImage[] } {
  const file = new URL("./data/digits.csv.gz", import.meta.url);
  const rows = gunzipSync(readFileSync(file)).toString("ascii").trim().split("\n");
  const images = rows.map((text, row) => {
    const values = text.split(",").map(Number);
    const digit = values[SIDE * SIDE];
    if (values.length !== SIDE * SIDE + 1 || digit === undefined || values.some(Number.isNaN)) {
      throw new Error(`${file.pathname}, row ${row + 1}: expected 64 pen counts and a digit.`);
    }
    return { row, digit, pixels: Float64Array.from(values.slice(0, SIDE * SIDE), (value) => value / FULL) };
  });
  const cut = images.length - heldOut;
  const test = images.slice(cut);
  const copies = new Set(test.map((image) => image.pixels.join()));
  return { training: images.slice(0, cut).filter((image) => !copies.has(image.pixels.join())), heldOut: test };
}
