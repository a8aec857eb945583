import { PathlightError } from "../../common/errors.ts";
import type { Patch, PatchGrid, Region } from "../../protocol/neurons.ts";
import type { ExplainedInput } from "../runPlan.ts";

/** A patch, or a cell of the grid, with the features that lie in it: places among those of all explained inputs. */
export interface PlacedPatch {
  readonly name: string;
  readonly kind: "patch" | "cell";
  readonly region: Region;
  readonly features: Uint32Array;
}

/**
 * Named patches first, then the cells of the grid, row by row.
 *
 * @throws PathlightError `usage` for a region outside the sample, one that holds nothing, and one that does not suit it.
 */
export function placePatches(
  explained: readonly ExplainedInput[],
  patches: readonly Patch[],
  grid: PatchGrid | null,
): PlacedPatch[] {
  const placed = patches.map(({ name, region }): PlacedPatch => {
    return { name, kind: "patch", region, features: featuresOf(explained, region, `The patch ${name}`) };
  });
  if (grid === null) return placed;
  for (const [name, region] of gridRegions(explained, grid)) {
    placed.push({ name, kind: "cell", region, features: featuresOf(explained, region, `The cell ${name}`) });
  }
  return placed;
}

/** Features of a region, ascending. `what` begins the sentence that refuses it. */
export function featuresOf(explained: readonly ExplainedInput[], region: Region, what: string): Uint32Array {
  switch (region.kind) {
    case "rectangle": {
      const picture = pictureOf(explained, region.input, what);
      const { height, width } = picture;
      const { y0, x0, y1, x1 } = region;
      const found = `${y0},${x0},${y1},${x1}`;
      if (y1 <= y0 || x1 <= x0) throw isEmpty(what, `rows ${y0} to ${y1} and columns ${x0} to ${x1}`, found);
      if (y1 > height || x1 > width) throw isOutside(what, picture, found);
      return pixels(picture, (y, x) => y >= y0 && y < y1 && x >= x0 && x < x1);
    }
    case "polygon": {
      const picture = pictureOf(explained, region.input, what);
      const { points } = region;
      const { height, width } = picture;
      const off = points.find(({ y, x }) => !(y >= 0 && x >= 0 && y <= height && x <= width));
      if (off !== undefined) throw isOutside(what, picture, `a corner at row ${off.y}, column ${off.x}`);
      const features = pixels(picture, (y, x) => isInside(points, y + 0.5, x + 0.5));
      if (features.length === 0) throw isEmpty(what, "no centre of a pixel", `${points.length} corners`);
      return features;
    }
    case "tokens":
      return positions(explained, region.input, region.tokens, what);
    case "features": {
      const inputs = ofInput(explained, region.input, what);
      const [first] = inputs;
      const size = first?.explained.x.length ?? 0;
      const wrong = region.features.find((feature) => feature >= size);
      if (wrong !== undefined) throw isNoPlace(what, "value", wrong, size);
      return ascending(region.features.map((feature) => (first?.offset ?? 0) + feature));
    }
  }
}

interface Placed {
  readonly explained: ExplainedInput;
  readonly offset: number;
}

interface Picture extends Placed {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly channelsFirst: boolean;
}

/** The explained nodes of an input, several where its embedding is several; the first input unless one is named. */
function ofInput(explained: readonly ExplainedInput[], input: string | undefined, what: string): Placed[] {
  let offset = 0;
  const placed = explained.map((each): Placed => {
    const at = offset;
    offset += each.x.length;
    return { explained: each, offset: at };
  });
  const name = input ?? explained[0]?.input;
  const found = placed.filter((each) => each.explained.input === name);
  if (found.length > 0) return found;
  throw new PathlightError("usage", `${what} is in the input ${name}, which is not explained.`, {
    expected: [...new Set(explained.map((each) => each.input))].join(", "),
    found: name,
    whatToDo: "Name an input that is explained.",
  });
}

function pictureOf(explained: readonly ExplainedInput[], input: string | undefined, what: string): Picture {
  const placed = ofInput(explained, input, what);
  for (const each of placed) {
    const { prepared, shape, x } = each.explained;
    if (prepared.kind === "image") {
      const { height, width, layout } = prepared;
      const channels = x.length / (height * width);
      return { ...each, height, width, channels, channelsFirst: layout === "channels-first" };
    }
    const sides = prepared.kind === "tensor" ? pictureSides(shape) : null;
    if (sides !== null) return { ...each, ...sides };
  }
  throw new PathlightError("usage", `${what} is an area, but the input is no picture.`, {
    expected: "a picture, or a tensor of rows and columns",
    found: placed.map((each) => `[${each.explained.shape.join(", ")}]`).join(", "),
    whatToDo: "Give tokens of a text, or features of a row.",
  });
}

/** A tensor without a manifest that says so is read as a picture where its shape is one: few channels, first or last. */
function pictureSides(shape: readonly number[]): Omit<Picture, keyof Placed> | null {
  const [a = 0, b = 0, c = 0] = shape;
  if (shape.length === 2) return { height: a, width: b, channels: 1, channelsFirst: false };
  if (shape.length !== 3) return null;
  const isFirst = a <= 4 && c > 4;
  return isFirst
    ? { height: b, width: c, channels: a, channelsFirst: true }
    : { height: a, width: b, channels: c, channelsFirst: false };
}

function pixels(picture: Picture, holds: (y: number, x: number) => boolean): Uint32Array {
  const { height, width, channels, channelsFirst, offset } = picture;
  const found: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!holds(y, x)) continue;
      for (let c = 0; c < channels; c++) {
        found.push(offset + (channelsFirst ? (c * height + y) * width + x : (y * width + x) * channels + c));
      }
    }
  }
  return ascending(found);
}

/** The even–odd rule: a ray to the right crosses the outline an odd number of times. */
function isInside(points: readonly { readonly y: number; readonly x: number }[], y: number, x: number): boolean {
  let inside = false;
  let before = points.at(-1) ?? { y: 0, x: 0 };
  for (const point of points) {
    if (point.y > y !== before.y > y && x < ((before.x - point.x) * (y - point.y)) / (before.y - point.y) + point.x) {
      inside = !inside;
    }
    before = point;
  }
  return inside;
}

/** All dimensions of the embedding at these positions; of ids that are no text the positions of the first axis. */
function positions(
  explained: readonly ExplainedInput[],
  input: string | undefined,
  tokens: readonly number[],
  what: string,
): Uint32Array {
  const found: number[] = [];
  for (const { explained: each, offset } of ofInput(explained, input, what)) {
    const count = each.prepared.kind === "text" ? each.prepared.tensor.data.length : (each.shape[0] ?? 1);
    if (each.prepared.kind === "image") {
      throw new PathlightError("usage", `${what} is of tokens, but the input is a picture.`, {
        expected: "an area of the picture",
        found: "tokens",
        whatToDo: "Give a rectangle or an outline.",
      });
    }
    const wrong = tokens.find((token) => token >= count);
    if (wrong !== undefined) throw isNoPlace(what, "token", wrong, count);
    const dimensions = each.x.length / count;
    for (const token of tokens) for (let d = 0; d < dimensions; d++) found.push(offset + token * dimensions + d);
  }
  return ascending(found);
}

/** Sides as equal as they can be. A cell without a pixel is refused: the grid is finer than the picture. */
function* gridRegions(
  explained: readonly ExplainedInput[],
  { rows, columns }: PatchGrid,
): Generator<readonly [name: string, region: Region]> {
  const picture = pictureOf(explained, undefined, "The grid");
  const { height, width } = picture;
  if (rows > height || columns > width) {
    throw new PathlightError("usage", `A grid of ${rows}×${columns} is finer than the picture.`, {
      expected: `at most ${height} rows and ${width} columns, the pixels that the model sees`,
      found: `${rows}×${columns}`,
      whatToDo: "Choose a coarser grid.",
    });
  }
  const { input } = picture.explained;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [y0, y1] = [Math.round((row * height) / rows), Math.round(((row + 1) * height) / rows)];
      const [x0, x1] = [Math.round((column * width) / columns), Math.round(((column + 1) * width) / columns)];
      yield [`row ${row + 1}, column ${column + 1}`, { kind: "rectangle", input, y0, x0, y1, x1 }];
    }
  }
}

function ascending(features: readonly number[]): Uint32Array {
  return Uint32Array.from(new Set(features)).sort();
}

function isOutside(what: string, { height, width }: Picture, found: string): PathlightError {
  return new PathlightError("usage", `${what} reaches outside the picture.`, {
    expected: `rows 0 to ${height} and columns 0 to ${width}, in pixels of the picture as the model sees it`,
    found,
    whatToDo: "Make it smaller, or move it.",
  });
}

function isEmpty(what: string, holds: string, found: string): PathlightError {
  return new PathlightError("usage", `${what} is empty: it holds ${holds}.`, {
    expected: "at least one pixel",
    found,
    whatToDo: "Draw it larger; a rectangle is y0,x0,y1,x1 with its ends left out.",
  });
}

function isNoPlace(what: string, kind: "token" | "value", found: number, count: number): PathlightError {
  return new PathlightError("usage", `${what} reaches outside the sample.`, {
    expected: `${kind}s 0 to ${count - 1}`,
    found: `${kind} ${found}`,
    whatToDo: "Choose others.",
  });
}
