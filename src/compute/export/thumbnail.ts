import sharp from "sharp";
import { colorScale, type ScaleTheme } from "../../common/colorScale.ts";
import { PathlightError } from "../../common/errors.ts";
import { poolCells, scaleLimit } from "../../common/mapLayout.ts";
import { overlayPixels } from "../../common/overlay.ts";
import type { SampleRef } from "../../protocol/explain.ts";
import type { Explanation, ImageAttribution } from "../../protocol/explanation.ts";
import { encodePicture } from "../../samples/index.ts";

export interface ThumbnailOptions {
  /** Longest side in pixels. */
  readonly size: number;
  /** Its first image attribution is laid over the picture. */
  readonly overlay?: Pick<Explanation, "attributions"> | undefined;
  readonly theme: ScaleTheme;
}

export interface Thumbnail {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How much of the photograph stays under the map, as in the panel: grey, over the background. */
const PHOTO_OPACITY: Readonly<Record<ScaleTheme, number>> = { dark: 0.42, light: 0.5, "high-contrast": 0.42 };

/**
 * A small picture of an image sample. With an overlay the picture is greyed and the attribution laid over the part that
 * the model saw, in the colours of the panel.
 *
 * @throws PathlightError for a sample that is no readable image.
 */
export async function renderThumbnail(
  sample: SampleRef,
  { size, overlay, theme }: ThumbnailOptions,
): Promise<Thumbnail> {
  if (sample.kind !== "file" || sample.row !== undefined) {
    throw new PathlightError("sample-unreadable", "Only image files have a thumbnail.");
  }
  const picture = await encodePicture(sample.path, size);
  const attribution = overlay?.attributions.find((candidate) => candidate.kind === "image");
  if (attribution === undefined) return { png: picture.bytes, width: picture.width, height: picture.height };
  const png = await overlaid(picture, attribution, theme);
  return { png: new Uint8Array(png), width: picture.width, height: picture.height };
}

async function overlaid(
  picture: { bytes: Uint8Array; width: number; height: number },
  attribution: ImageAttribution,
  theme: ScaleTheme,
): Promise<Buffer> {
  const scale = colorScale("pathlight", theme);
  const [red, green, blue] = scale.at(0);
  const background = { r: red, g: green, b: blue };
  const { width, height } = picture;
  const opacity = PHOTO_OPACITY[theme];
  const photo = await sharp(picture.bytes).flatten({ background }).toColourspace("srgb").removeAlpha().raw().toBuffer();
  for (let at = 0; at < photo.length; at += 3) {
    const grey = 0.299 * (photo[at] ?? 0) + 0.587 * (photo[at + 1] ?? 0) + 0.114 * (photo[at + 2] ?? 0);
    [red, green, blue].forEach((under, c) => {
      photo[at + c] = Math.round(grey * opacity + under * (1 - opacity));
    });
  }
  const seen = seenRectangle(attribution, width, height);
  const grid = poolCells(attribution.values, attribution.height, attribution.width, attribution.grain);
  const whole = { x: 0, y: 0, width: attribution.width, height: attribution.height };
  const map = overlayPixels(grid, whole, seen, {
    scale,
    limit: scaleLimit(grid.values),
    sign: "signed",
    // As a panel that nobody has changed: without the faint values, which would fill the whole picture.
    threshold: 0.1,
    opacity: 0.9,
  });
  blend(photo, { width, height }, map, seen);
  return sharp(photo, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where the model's picture lies in the thumbnail; may reach outside. */
function seenRectangle({ crop, original }: ImageAttribution, width: number, height: number): Place {
  const [across, down] = [width / original.width, height / original.height];
  return {
    x: Math.round(crop.x * across),
    y: Math.round(crop.y * down),
    width: Math.max(1, Math.round(crop.width * across)),
    height: Math.max(1, Math.round(crop.height * down)),
  };
}

/** Lays RGBA pixels over RGB ones, in place; what falls outside is dropped. */
function blend(photo: Buffer, size: { width: number; height: number }, map: Uint8ClampedArray, place: Place): void {
  for (let y = Math.max(0, -place.y); y < Math.min(place.height, size.height - place.y); y++) {
    for (let x = Math.max(0, -place.x); x < Math.min(place.width, size.width - place.x); x++) {
      const from = (y * place.width + x) * 4;
      const to = ((y + place.y) * size.width + x + place.x) * 3;
      const alpha = (map[from + 3] ?? 0) / 255;
      for (let c = 0; c < 3; c++) {
        photo[to + c] = Math.round((photo[to + c] ?? 0) * (1 - alpha) + (map[from + c] ?? 0) * alpha);
      }
    }
  }
}
