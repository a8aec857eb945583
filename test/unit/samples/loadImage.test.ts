import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import sharp from "sharp";
import { loadImage, maxPixels } from "../../../src/samples/index.ts";
import { asSharp, bmp, gradient } from "./imageFiles.ts";
import { closeTo, fails, folder, write } from "./support.ts";

const colour = gradient(6, 4, 3);

for (const format of ["png", "webp", "tiff"] as const) {
  test(`image: ${format} without loss gives its pixels back`, async () => {
    const path = write(
      `plain.${format}`,
      await asSharp(colour).toFormat(format, { lossless: true, compression: "lzw" }).toBuffer(),
    );
    const image = await loadImage(path);
    assert.deepEqual(
      { ...image, data: [...image.data] },
      { width: 6, height: 4, channels: 3, white: 255, format, pages: 1, path, data: [...colour.data] },
    );
  });
}

for (const format of ["jpeg", "avif"] as const) {
  test(`image: ${format} gives its pixels within its loss`, async () => {
    const flat = {
      ...gradient(32, 32, 3),
      data: new Uint8Array(32 * 32 * 3).map((_, index) => [200, 60, 90][index % 3] ?? 0),
    };
    const path = write(`flat.${format}`, await asSharp(flat).toFormat(format, { quality: 95 }).toBuffer());
    const image = await loadImage(path);
    assert.equal(image.format, format);
    closeTo(image.data, flat.data, 6);
  });
}

test("image: the first frame of an animated GIF, and the number of frames", async () => {
  const red = { width: 8, height: 8, channels: 3 as const, background: { r: 255, g: 0, b: 0 } };
  const blue = { ...red, background: { r: 0, g: 0, b: 255 } };
  const frames = await Promise.all([red, blue].map((create) => sharp({ create }).png().toBuffer()));
  const path = write(
    "moving.gif",
    await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer(),
  );
  const image = await loadImage(path);
  assert.deepEqual([image.format, image.width, image.height, image.pages], ["gif", 8, 8, 2]);
  assert.deepEqual([...image.data.slice(0, 3)], [255, 0, 0]);
});

test("image: the first page of a TIFF", async () => {
  const path = write("one.tif", await asSharp(colour).tiff({ compression: "none" }).toBuffer());
  assert.equal((await loadImage(path)).pages, 1);
});

test("image: EXIF orientation is applied, all eight", async () => {
  const upright = gradient(3, 2, 3);
  const at = (x: number, y: number) => [...upright.data.subarray((y * 3 + x) * 3, (y * 3 + x) * 3 + 3)];
  // For a stored pixel (x, y) of the 3 × 2 file: which stored pixel is at the top left when it is upright.
  const topLeft: Record<number, [number, number]> = {
    1: [0, 0],
    2: [2, 0],
    3: [2, 1],
    4: [0, 1],
    5: [0, 0],
    6: [0, 1],
    7: [2, 1],
    8: [2, 0],
  };
  for (const [orientation, [x, y]] of Object.entries(topLeft)) {
    const bytes = await asSharp(upright)
      .withMetadata({ orientation: Number(orientation) })
      .png()
      .toBuffer();
    const image = await loadImage(write(`turned${orientation}.png`, bytes));
    const turned = Number(orientation) >= 5;
    assert.deepEqual([image.width, image.height], turned ? [2, 3] : [3, 2], orientation);
    assert.deepEqual([...image.data.slice(0, 3)], at(x, y), `orientation ${orientation}`);
  }
});

test("image: a JPEG with EXIF orientation stands upright", async () => {
  const half = await sharp({ create: { width: 32, height: 16, channels: 3, background: "black" } })
    .composite([{ input: { create: { width: 16, height: 16, channels: 3, background: "white" } }, left: 0, top: 0 }])
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const image = await loadImage(write("turned.jpg", half));
  // Orientation 6 is turned clockwise: the left half comes to the top.
  assert.deepEqual([image.width, image.height], [16, 32]);
  closeTo(image.data.subarray(0, 1), [255], 5);
  closeTo(image.data.subarray(-1), [0], 5);
});

test("image: 16 bits are kept", async () => {
  const deep = new Uint16Array([0, 1, 257, 1000, 30000, 65535]);
  const raw = { raw: { width: 3, height: 2, channels: 1 as const } };
  const grey = await loadImage(write("deep.png", await sharp(deep, raw).toColourspace("grey16").png().toBuffer()));
  assert.deepEqual([grey.white, grey.channels], [65535, 1]);
  assert.deepEqual([...grey.data], [...deep]);
  const colours = new Uint16Array(2 * 2 * 4).map((_, index) => index * 4001);
  const rgba = await sharp(colours, { raw: { width: 2, height: 2, channels: 4 } })
    .toColourspace("rgb16")
    .png()
    .toBuffer();
  const image = await loadImage(write("deepColour.png", rgba));
  assert.deepEqual([image.white, image.channels, [...image.data]], [65535, 4, [...colours]]);
});

test("image: grey, grey with alpha, palette and CMYK", async () => {
  const grey = gradient(5, 3, 1);
  const one = await loadImage(write("grey.png", await asSharp(grey).toColourspace("b-w").png().toBuffer()));
  assert.deepEqual([one.channels, [...one.data]], [1, [...grey.data]]);

  const veiled = { width: 2, height: 2, channels: 2 as const, data: Uint8Array.of(10, 255, 100, 128, 3, 0, 9, 9) };
  const two = await loadImage(write("greyAlpha.png", await asSharp(veiled).toColourspace("b-w").png().toBuffer()));
  const pixels = Array.from({ length: 4 }, (_, index) => [
    two.data[index * two.channels],
    two.data[index * two.channels + two.channels - 1],
  ]);
  assert.deepEqual(pixels, [
    [10, 255],
    [100, 128],
    [3, 0],
    [9, 9],
  ]);

  const flags = { width: 2, height: 1, channels: 3 as const, data: Uint8Array.of(255, 0, 0, 0, 0, 255) };
  const palette = await loadImage(write("palette.png", await asSharp(flags).png({ palette: true }).toBuffer()));
  assert.deepEqual([...palette.data], [...flags.data]);

  const ink = { create: { width: 8, height: 8, channels: 3 as const, background: { r: 200, g: 50, b: 20 } } };
  const printed = await loadImage(
    write("ink.jpg", await sharp(ink).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer()),
  );
  assert.equal(printed.channels, 3);
  closeTo(printed.data.subarray(0, 3), [200, 50, 20], 24);
});

test("image: the pixels of the file count, not its colour profile", async () => {
  const bytes = await asSharp(colour).withIccProfile("p3").png().toBuffer();
  const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
  const image = await loadImage(write("profile.png", bytes));
  assert.deepEqual([...image.data], [...stored]);
});

test("bmp: 1, 4, 8, 16, 24 and 32 bits, either row order, palettes and bit fields", async () => {
  const load = async (name: string, bytes: Buffer) => {
    const { width, height, channels, data } = await loadImage(write(name, bytes));
    return { width, height, channels, data: [...data] };
  };
  const palette = [
    [1, 2, 3],
    [40, 50, 60],
    [70, 80, 90],
  ] as const;
  const expected = (channels: number, ...data: number[]) => ({ width: 3, height: 2, channels, data });
  const bottomUp = expected(3, 70, 80, 90, 40, 50, 60, 1, 2, 3, 1, 2, 3, 40, 50, 60, 70, 80, 90);
  assert.deepEqual(
    await load(
      "8.bmp",
      bmp(
        3,
        2,
        [
          [0, 1, 2],
          [2, 1, 0],
        ],
        { bits: 8, palette },
      ),
    ),
    bottomUp,
  );
  assert.deepEqual(
    await load(
      "4.bmp",
      bmp(
        3,
        2,
        [
          [0x01, 0x20],
          [0x21, 0x00],
        ],
        { bits: 4, palette },
      ),
    ),
    bottomUp,
  );
  const old = bmp(
    3,
    2,
    [
      [0, 1, 2],
      [2, 1, 0],
    ],
    { bits: 8, palette: [...palette, ...new Array(253).fill([0, 0, 0])], headerSize: 12 },
  );
  assert.deepEqual(await load("old.bmp", old), bottomUp);
  const topDown = expected(3, 1, 2, 3, 40, 50, 60, 70, 80, 90, 70, 80, 90, 40, 50, 60, 1, 2, 3);
  assert.deepEqual(
    await load(
      "top.bmp",
      bmp(
        3,
        2,
        [
          [0, 1, 2],
          [2, 1, 0],
        ],
        { bits: 8, palette, topDown: true },
      ),
    ),
    topDown,
  );
  const two = [
    [0, 0, 0],
    [255, 255, 255],
  ] as const;
  const bits = await load("1.bmp", bmp(10, 1, [[0b10110010, 0b01000000]], { bits: 1, palette: two }));
  assert.deepEqual(
    bits.data.filter((_, index) => index % 3 === 0),
    [255, 0, 255, 255, 0, 0, 255, 0, 0, 255],
  );
  const rows = [
    [10, 20, 30, 40, 50, 60, 70, 80, 90],
    [11, 21, 31, 41, 51, 61, 71, 81, 91],
  ];
  const bgr = expected(3, 31, 21, 11, 61, 51, 41, 91, 81, 71, 30, 20, 10, 60, 50, 40, 90, 80, 70);
  assert.deepEqual(await load("24.bmp", bmp(3, 2, rows, { bits: 24 })), bgr);
  const wide = bmp(1, 1, [[1, 2, 3, 77]], { bits: 32 });
  assert.deepEqual((await load("32.bmp", wide)).data, [3, 2, 1]);
  const masks = [0xff, 0xff00, 0xff0000, 0xff000000];
  const veiled = await load(
    "32a.bmp",
    bmp(1, 1, [[1, 2, 3, 77]], { bits: 32, compression: 3, masks, headerSize: 108 }),
  );
  assert.deepEqual([veiled.channels, veiled.data], [4, [1, 2, 3, 77]]);
  const five = bmp(2, 1, [[0x00, 0x7c, 0x1f, 0x00]], { bits: 16 });
  assert.deepEqual((await load("16.bmp", five)).data, [255, 0, 0, 0, 0, 255]);
  const six = bmp(2, 1, [[0x00, 0xf8, 0xe0, 0x07]], { bits: 16, compression: 3, masks: [0xf800, 0x7e0, 0x1f] });
  assert.deepEqual((await load("565.bmp", six)).data, [255, 0, 0, 0, 255, 0]);
});

test("bmp: run-length encoding", async () => {
  const palette = Array.from({ length: 16 }, (_, index) => [index, index, index] as const);
  const indices = async (name: string, bytes: Buffer) =>
    [...(await loadImage(write(name, bytes))).data].filter((_, index) => index % 3 === 0);
  // Bottom row: three 5s, then 1 2 3 as they stand (padded to 16 bits). Top row: skips two, then two 7s.
  const eight = [
    [3, 5, 0, 3, 1, 2, 3, 0, 0, 0],
    [0, 2, 2, 0, 2, 7, 0, 1],
  ];
  const bytes = bmp(6, 2, eight, { bits: 8, compression: 1, palette });
  assert.deepEqual(await indices("rle8.bmp", bytes), [0, 0, 7, 7, 0, 0, 5, 5, 5, 1, 2, 3]);
  const four = [
    [5, 0x12, 0, 0],
    [0, 5, 0x34, 0x56, 0x70, 0, 0, 1],
  ];
  const small = bmp(5, 2, four, { bits: 4, compression: 2, palette });
  assert.deepEqual(await indices("rle4.bmp", small), [3, 4, 5, 6, 7, 1, 2, 1, 2, 1]);
});

test("bad picture: truncated, in every format", async () => {
  const noise = { ...gradient(64, 64, 3), data: new Uint8Array(64 * 64 * 3).map((_, index) => (index * 7919) % 251) };
  for (const format of ["png", "jpeg", "webp", "gif", "tiff", "avif"] as const) {
    const whole = await asSharp(noise).toFormat(format).toBuffer();
    await loadImage(write(`whole.${format}`, whole));
    for (const share of [0.3, 0.6, 0.9]) {
      const path = write(`cut.${format}`, whole.subarray(0, Math.floor(whole.length * share)));
      await fails(
        loadImage(path),
        "sample-unreadable",
        "truncated or damaged",
        `cut.${format}`,
        `complete ${format.toUpperCase()}`,
      );
    }
  }
  const bitmap = bmp(
    3,
    2,
    [
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
    ],
    { bits: 24 },
  );
  await fails(loadImage(write("cut.bmp", bitmap.subarray(0, -8))), "sample-unreadable", "ends before");
  await fails(loadImage(write("head.bmp", bitmap.subarray(0, 30))), "sample-unreadable", "head.bmp");
});

/** A PNG that is only its header. */
function pngHeader(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(33);
  bytes.write("\x89PNG\r\n\x1a\n", "latin1");
  bytes.writeUInt32BE(13, 8);
  bytes.write("IHDR", 12);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  bytes.set([8, 2], 24);
  return bytes;
}

test("bad picture: 0 × 0 and 30 000 × 30 000 are refused by their header", async () => {
  await fails(loadImage(write("zero.png", pngHeader(0, 0))), "sample-unreadable", "0 × 0 pixels", "no pixels");
  await fails(loadImage(write("zero.bmp", bmp(0, 0, [[0]], { bits: 24 }))), "sample-unreadable", "0 × 0 pixels");
  const text = `${Math.floor(maxPixels / 1e6)} million`;
  await fails(loadImage(write("huge.png", pngHeader(30000, 30000))), "sample-too-large", "30000 × 30000", text);
  await fails(loadImage(write("huge.bmp", bmp(30000, 30000, [[0]], { bits: 24 }))), "sample-too-large", text);
  const jpeg = await asSharp(gradient(16, 16, 3))
    .jpeg()
    .toBuffer();
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(30000, frame + 5);
  jpeg.writeUInt16BE(30000, frame + 7);
  await fails(loadImage(write("huge.jpg", jpeg)), "sample-too-large", "30000 × 30000");
});

test("bad picture: what is no picture is called by what it is", async () => {
  const text = await fails(
    loadImage(write("notes.png", "Dear diary, today\nI renamed a file.")),
    "sample-unreadable",
    "Dear diary",
  );
  assert.equal(text.details.expected, "a PNG, JPEG, WebP, GIF, TIFF, BMP or AVIF picture");
  await fails(loadImage(write("drawing.png", '<svg xmlns="http://www.w3.org/2000/svg"/>')), "sample-unreadable", "SVG");
  await fails(loadImage(write("paper.jpg", "%PDF-1.7")), "sample-unreadable", "PDF");
  await fails(loadImage(write("binary.jpg", Buffer.from([1, 2, 3, 4, 5]))), "sample-unreadable", "01 02 03 04 05");
  await fails(loadImage(write("empty.png", "")), "sample-empty", "0 bytes");
  await fails(loadImage(folder), "sample-unreadable", "folder");
  const path = write("gone.png", await asSharp(colour).png().toBuffer());
  rmSync(path);
  await fails(loadImage(path), "sample-not-found", "gone.png");
  await fails(loadImage(join(path, "below.png")), "sample-not-found");
});

test("bad picture: floating-point pixels are refused, not stretched", async () => {
  const path = write(
    "float.tif",
    await sharp(new Float32Array(12).fill(0.25), { raw: { width: 2, height: 2, channels: 3 } })
      .toColourspace("scrgb")
      .tiff({ compression: "none" })
      .toBuffer(),
  );
  const error = await fails(loadImage(path), "sample-unreadable", "8 or 16 bits");
  assert.match(error.details.found ?? "", /float/);
});

test("image: a file that changed is read anew", async () => {
  const solid = (value: number) => ({ width: 2, height: 1, channels: 1 as const, data: Uint8Array.of(value, value) });
  const path = write("changing.png", await asSharp(solid(10)).toColourspace("b-w").png().toBuffer());
  assert.equal((await loadImage(path)).data[0], 10);
  write("changing.png", await asSharp(solid(200)).toColourspace("b-w").png().toBuffer());
  assert.equal((await loadImage(path)).data[0], 200);
});

test("image: a cancel before or during the read ends it", async () => {
  const path = write("cancel.png", await asSharp(colour).png().toBuffer());
  await assert.rejects(loadImage(path, AbortSignal.abort()), { code: "cancelled" });
  const controller = new AbortController();
  const loading = loadImage(path, controller.signal);
  controller.abort();
  await assert.rejects(
    loading,
    (error: Error) => error.name === "AbortError" || ("code" in error && error.code === "cancelled"),
  );
});
