import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import sharp from "sharp";
import { type ImageInput, imageInputSchema } from "../../../src/protocol/manifest.ts";
import { resample } from "../../../src/samples/image/resample.ts";
import {
  blurredImage,
  type DecodedImage,
  encodePicture,
  loadImage,
  meanOfImages,
  prepareImage,
  sumOverChannels,
  uniformImage,
} from "../../../src/samples/index.ts";
import { asSharp, gradient, type Pixels } from "./imageFiles.ts";
import { closeTo, fails, write } from "./support.ts";

const settings = (partial: Partial<ImageInput> = {}): ImageInput =>
  imageInputSchema.parse({ kind: "image", ...partial });
const decoded = ({ width, height, channels, data }: Pixels): DecodedImage => ({
  width,
  height,
  channels,
  data,
  white: 255,
  format: "png",
  pages: 1,
  path: "x.png",
});
const grey = (width: number, height: number, ...data: number[]): DecodedImage =>
  decoded({ width, height, channels: 1, data: Uint8Array.from(data) });

test("preprocessing: a picture of the right size is scaled by hand-computed values", () => {
  const image = decoded({ width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 51, 0, 0, 102, 204) });
  const plain = prepareImage(image, settings(), [1, 2, 3]).tensor;
  assert.deepEqual(plain.shape, [1, 2, 3]);
  closeTo(plain.data, [1, 0.2, 0, 0, 0.4, 0.8], 1e-7);
  closeTo(prepareImage(image, settings({ scale: [-1, 1] }), [1, 2, 3]).tensor.data, [1, -0.6, -1, -1, -0.2, 0.6]);
  closeTo(prepareImage(image, settings({ scale: [0, 255] }), [1, 2, 3]).tensor.data, [255, 51, 0, 0, 102, 204], 1e-4);
  const normal = settings({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
  const expected = [0.515 / 0.229, -0.256 / 0.224, -0.406 / 0.225, -0.485 / 0.229, -0.056 / 0.224, 0.394 / 0.225];
  closeTo(prepareImage(image, normal, [1, 2, 3]).tensor.data, expected);
  closeTo(prepareImage(image, settings({ mean: 0.5, std: 0.5 }), [1, 2, 3]).tensor.data, [1, -0.6, -1, -1, -0.2, 0.6]);
});

test("preprocessing: channel orders and layouts", () => {
  const image = decoded({ width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 51, 0, 0, 102, 204) });
  closeTo(prepareImage(image, settings({ channels: "bgr" }), [1, 2, 3]).tensor.data, [0, 0.2, 1, 0.8, 0.4, 0]);
  const first = prepareImage(image, settings(), [3, 1, 2]);
  assert.deepEqual([first.layout, first.tensor.shape], ["channels-first", [3, 1, 2]]);
  closeTo(first.tensor.data, [1, 0, 0.2, 0.4, 0, 0.8]);
  // ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B.
  closeTo(prepareImage(image, settings(), [1, 2, 1]).tensor.data, [0.299 + 0.1174, 0.2348 + 0.0912]);
  const flat = prepareImage(image, settings(), [1, 2]);
  assert.deepEqual([flat.tensor.shape, flat.channels, flat.layout], [[1, 2], 1, "channels-last"]);
  closeTo(prepareImage(grey(2, 1, 0, 255), settings(), [1, 2, 3]).tensor.data, [0, 0, 0, 1, 1, 1]);
});

test("preprocessing: 16 bits keep their precision", () => {
  const deep: DecodedImage = { ...grey(3, 1), data: Uint16Array.of(0, 1, 257), white: 65535 };
  closeTo(prepareImage(deep, settings({ scale: [0, 255] }), [1, 3, 1]).tensor.data, [0, 1 / 257, 1], 1e-9);
});

test("preprocessing: transparency becomes black and is noted; models with four channels keep it", () => {
  const image = decoded({ width: 2, height: 1, channels: 4, data: Uint8Array.of(255, 51, 0, 255, 100, 200, 50, 51) });
  const opaque = prepareImage(image, settings({ scale: [0, 255] }), [1, 2, 3]);
  closeTo(opaque.tensor.data, [255, 51, 0, 20, 40, 10], 1e-4);
  assert.equal(opaque.alphaDropped, true);
  assert.match(opaque.notes.join(), /transparent/);
  const full = prepareImage(image, settings({ scale: [0, 255] }), [1, 2, 4]);
  closeTo(full.tensor.data, [255, 51, 0, 255, 100, 200, 50, 51], 1e-4);
  assert.equal(full.alphaDropped, false);
  const solid = decoded({ width: 1, height: 1, channels: 2, data: Uint8Array.of(9, 255) });
  assert.deepEqual(prepareImage(solid, settings(), [1, 1, 1]).notes, []);
  closeTo(prepareImage(solid, settings({ scale: [0, 255] }), [1, 1, 4]).tensor.data, [9, 9, 9, 255], 1e-4);
});

test("scaling: hand-computed averages and interpolation", () => {
  const raster = (width: number, ...data: number[]) => ({
    width,
    height: data.length / width,
    channels: 1,
    data: Float32Array.from(data),
  });
  const all = (width: number, height: number) => ({ x: 0, y: 0, width, height });
  // Half the size: a triangle two pixels wide to either side of the new centre, 1/8 3/8 3/8 1/8; at the edge 3/7 3/7 1/7.
  closeTo(resample(raster(4, 0, 0, 70, 70), all(4, 1), 2, 1), [10, 60], 1e-5);
  // Twice the size: linear between centres, constant beyond them.
  closeTo(resample(raster(2, 0, 100), all(2, 1), 4, 1), [0, 25, 75, 100], 1e-5);
  // A box that starts between pixels.
  closeTo(resample(raster(3, 0, 100, 200), { x: 0.5, y: 0, width: 2, height: 1 }, 2, 1), [50, 150], 1e-5);
  assert.deepEqual(resample(raster(3, 1, 2, 3, 4, 5, 6), all(3, 2), 3, 2), Float32Array.of(1, 2, 3, 4, 5, 6));
});

test("scaling: flat stays flat, bounds hold, and turning the picture turns the result", () => {
  const side = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(side, side, side, side, fc.integer(), (width, height, newWidth, newHeight, seed) => {
      const box = { x: 0, y: 0, width, height };
      const flat = resample(
        { width, height, channels: 1, data: new Float32Array(width * height).fill(93) },
        box,
        newWidth,
        newHeight,
      );
      closeTo(flat, new Float32Array(newWidth * newHeight).fill(93), 1e-4);
      const data = Float32Array.from({ length: width * height }, (_, index) => Math.abs(seed + index * 7919) % 256);
      const scaled = resample({ width, height, channels: 1, data }, box, newWidth, newHeight);
      assert.equal(
        scaled.every((value) => value >= Math.min(...data) - 1e-3 && value <= Math.max(...data) + 1e-3),
        true,
      );
      const turned = resample({ width, height, channels: 1, data: data.toReversed() }, box, newWidth, newHeight);
      closeTo(turned.toReversed(), scaled, 1e-3);
    }),
  );
});

test("scaling agrees with sharp's linear kernel on a photograph-like picture", async () => {
  const noise = gradient(60, 44, 3);
  const smooth = noise.data.map(
    (_, at) => 128 + 60 * Math.sin((Math.floor(at / 3) % 60) / 9) + 50 * Math.cos(at / 180 / 7),
  );
  const image = { ...noise, data: smooth };
  const reference = await asSharp(image).resize(20, 11, { kernel: "linear", fit: "fill" }).raw().toBuffer();
  const ours = resample(image, { x: 0, y: 0, width: 60, height: 44 }, 20, 11);
  closeTo(ours, reference, 2.5);
});

/** Where the strongest value of the model's picture lies, in pixels of the original. */
function brightest(prepared: ReturnType<typeof prepareImage>): { x: number; y: number } {
  const sums = sumOverChannels(prepared.tensor.data, prepared);
  const index = sums.indexOf(Math.max(...sums));
  const { crop, width, height } = prepared;
  const x = crop.x + (((index % width) + 0.5) * crop.width) / width;
  const y = crop.y + ((Math.floor(index / width) + 0.5) * crop.height) / height;
  return { x, y };
}

test("geometry: a bright pixel of the original is found where the crop says, for every fit and layout", () => {
  const sides = fc.integer({ min: 8, max: 60 });
  fc.assert(
    fc.property(
      sides,
      sides,
      fc.integer({ min: 4, max: 24 }),
      fc.integer({ min: 4, max: 24 }),
      fc.constantFrom("crop", "pad", "stretch"),
      fc.boolean(),
      fc.double({ min: 0.3, max: 0.7, noNaN: true }),
      (width, height, modelWidth, modelHeight, fit, channelsFirst, where) => {
        const data = new Uint8Array(width * height * 3);
        const [x, y] = [Math.floor(where * width), Math.floor((1 - where) * height)];
        data.fill(255, (y * width + x) * 3, (y * width + x) * 3 + 3);
        const shape = channelsFirst ? [3, modelHeight, modelWidth] : [modelHeight, modelWidth, 3];
        const layout = channelsFirst ? "channels-first" : "channels-last";
        const prepared = prepareImage(decoded({ width, height, channels: 3, data }), settings({ fit, layout }), shape);
        const { crop } = prepared;
        const seen =
          x >= crop.x + 0.5 && y >= crop.y + 0.5 && x + 1.5 <= crop.x + crop.width && y + 1.5 <= crop.y + crop.height;
        fc.pre(seen);
        const found = brightest(prepared);
        const pixelWidth = Math.max(1, crop.width / modelWidth);
        const pixelHeight = Math.max(1, crop.height / modelHeight);
        assert.equal(Math.abs(found.x - (x + 0.5)) <= pixelWidth, true, `x ${found.x} for ${x + 0.5}`);
        assert.equal(Math.abs(found.y - (y + 0.5)) <= pixelHeight, true, `y ${found.y} for ${y + 0.5}`);
      },
    ),
    { numRuns: 300 },
  );
});

test("geometry: rectangles by hand", () => {
  const wide = grey(4, 2, 0, 10, 20, 30, 40, 50, 60, 70);
  const cut = prepareImage(wide, settings({ scale: [0, 255] }), [2, 2, 1]);
  assert.deepEqual(cut.crop, { x: 1, y: 0, width: 2, height: 2 });
  closeTo(cut.tensor.data, [10, 20, 50, 60], 1e-4);
  assert.match(cut.notes.join(), /50 %/);
  const padded = prepareImage(wide, settings({ scale: [0, 255], fit: "pad", padValue: 9 }), [4, 4, 1]);
  assert.deepEqual(padded.crop, { x: -0, y: -1, width: 4, height: 4 });
  assert.deepEqual(padded.content, { x: 0, y: 1, width: 4, height: 2 });
  closeTo(padded.tensor.data, [9, 9, 9, 9, 0, 10, 20, 30, 40, 50, 60, 70, 9, 9, 9, 9], 1e-4);
  const stretched = prepareImage(wide, settings({ scale: [0, 255], fit: "stretch" }), [2, 4, 1]);
  assert.deepEqual(stretched.crop, { x: 0, y: 0, width: 4, height: 2 });
  const thin = prepareImage(grey(1, 200, ...new Array(200).fill(5)), settings({ fit: "pad" }), [8, 8, 1]);
  assert.deepEqual([thin.content.width, thin.content.height], [1, 8]);
});

test("preprocessing: what the model cannot take is refused with both sides named", async () => {
  const image = grey(2, 2, 0, 0, 0, 0);
  const failing = (partial: Partial<ImageInput>, shape: (number | null)[]) => () =>
    prepareImage(image, settings(partial), shape);
  await fails(failing({}, [784]), "sample-shape", "784", "tensor");
  await fails(failing({}, [10, 10, 7]), "sample-shape", "10 × 10 × 7");
  await fails(failing({}, [null, null, 3]), "sample-shape", "any × any × 3", "size");
  await fails(failing({ size: [4, 4] }, [8, 8, 3]), "sample-shape", "8 × 8", "4 × 4");
  await fails(failing({ channels: "grey" }, [8, 8, 3]), "sample-shape", "grey", "3 channels");
  await fails(failing({ channels: "rgb" }, [8, 8, 1]), "sample-shape", "1 channels");
  await fails(failing({ mean: [1, 2] }, [8, 8, 3]), "manifest-invalid", "`mean`", "2 numbers");
  await fails(failing({ std: [1, 0, 1] }, [8, 8, 3]), "manifest-invalid", "`std`");
  assert.deepEqual(prepareImage(image, settings({ size: [4, 6] }), [null, null, 3]).tensor.shape, [4, 6, 3]);
});

test("baselines: black, white and grey go through the same preprocessing; padding stays", () => {
  const input = settings({ scale: [-1, 1], mean: [0, 0.5, 0], std: [1, 2, 1] });
  const prepared = prepareImage(decoded(gradient(3, 3, 3)), input, [2, 2, 3]);
  closeTo(uniformImage(prepared, 0).data.slice(0, 3), [-1, -0.75, -1]);
  closeTo(uniformImage(prepared, 255).data.slice(0, 3), [1, 0.25, 1]);
  closeTo(uniformImage(prepared, 127.5).data.slice(0, 3), [0, -0.25, 0]);
  // White is what a white picture becomes.
  const white = decoded({ width: 3, height: 3, channels: 3, data: new Uint8Array(27).fill(255) });
  closeTo(uniformImage(prepared, 255).data, prepareImage(white, input, [2, 2, 3]).tensor.data);
  const padded = prepareImage(
    grey(4, 2, 1, 2, 3, 4, 5, 6, 7, 8),
    settings({ scale: [0, 255], fit: "pad", padValue: 50 }),
    [4, 4, 1],
  );
  closeTo(uniformImage(padded, 0).data, [50, 50, 50, 50, 0, 0, 0, 0, 0, 0, 0, 0, 50, 50, 50, 50], 1e-4);
  closeTo(blurredImage(padded).data.slice(0, 4), [50, 50, 50, 50], 1e-4);
});

test("baselines: the blur is a Gaussian of 1/12 of the width that keeps flat pictures and opacity", () => {
  const flat = prepareImage(grey(24, 24, ...new Array(576).fill(80)), settings({ scale: [0, 255] }), [24, 24, 1]);
  closeTo(blurredImage(flat).data, new Array(576).fill(80), 1e-3);
  const data = new Array(49 * 49).fill(0);
  data[24 * 49 + 24] = 255;
  const point = prepareImage(grey(49, 49, ...data), settings(), [49, 49, 1]);
  const blurred = blurredImage(point).data;
  const deviation = 49 / 12;
  const at = (x: number) => blurred[24 * 49 + 24 + x] ?? 0;
  closeTo(
    [at(4) / at(0), at(8) / at(0)],
    [Math.exp(-16 / (2 * deviation ** 2)), Math.exp(-64 / (2 * deviation ** 2))],
    1e-5,
  );
  closeTo([Array.from(blurred).reduce((sum, value) => sum + value, 0)], [1], 1e-4);
  const veiled = prepareImage(decoded(gradient(12, 12, 4)), settings(), [12, 12, 4]);
  const alpha = (values: ArrayLike<number>) => Array.from(values).filter((_, index) => index % 4 === 3);
  assert.deepEqual(alpha(blurredImage(veiled).data), alpha(veiled.tensor.data));
});

test("baselines: the mean of pictures", async () => {
  const solid = async (name: string, value: number) => {
    const pixels = { width: 2, height: 2, channels: 1 as const, data: new Uint8Array(4).fill(value) };
    return write(name, await asSharp(pixels).toColourspace("b-w").png().toBuffer());
  };
  const paths = [await solid("a.png", 0), await solid("b.png", 100), await solid("c.png", 200)];
  const steps: number[] = [];
  const mean = await meanOfImages(paths, settings({ scale: [0, 255] }), [2, 2, 1], undefined, (done) =>
    steps.push(done),
  );
  closeTo(mean.data, [100, 100, 100, 100], 1e-4);
  assert.deepEqual(
    [mean.shape, steps],
    [
      [2, 2, 1],
      [1, 2, 3],
    ],
  );
  await fails(meanOfImages([], settings(), [2, 2, 1]), "baseline-invalid", "no pictures");
  await assert.rejects(meanOfImages(paths, settings(), [2, 2, 1], AbortSignal.abort()), { code: "cancelled" });
});

test("attribution: channels are summed in either layout", () => {
  const place = { height: 1, width: 2, channels: 3 };
  const last = [1, 2, 3, 10, 20, 30];
  const first = [1, 10, 2, 20, 3, 30];
  assert.deepEqual(sumOverChannels(last, { ...place, layout: "channels-last" }), Float32Array.of(6, 60));
  assert.deepEqual(sumOverChannels(first, { ...place, layout: "channels-first" }), Float32Array.of(6, 60));
});

test("panel: the picture is upright, no larger than asked, and decodes to the same pixels", async () => {
  const bytes = await asSharp(gradient(6, 4, 3))
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
  const path = write("panel.png", bytes);
  const picture = await encodePicture(path, 100);
  assert.deepEqual([picture.mime, picture.width, picture.height], ["image/png", 4, 6]);
  const { data } = await loadImage(path);
  assert.deepEqual([...(await sharp(picture.bytes).raw().toBuffer())], [...data]);
  const small = await encodePicture(path, 3);
  assert.deepEqual([small.width, small.height], [2, 3]);
  const deep = await sharp(new Uint16Array([0, 65535]), { raw: { width: 2, height: 1, channels: 1 } })
    .toColourspace("grey16")
    .png()
    .toBuffer();
  const shown = await encodePicture(write("deepPanel.png", deep), 10);
  const raw = await sharp(shown.bytes).raw().toBuffer();
  assert.deepEqual([raw[0], raw.at(-1)], [0, 255]);
});
