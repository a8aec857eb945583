/**
 * Colours of signed attributions: blue is against, orange (or red) is for. Eleven stops from −1 to +1, equally spaced,
 * with the same lightness on both arms, so that a value and its opposite differ in hue alone.
 */

export type Rgb = readonly [red: number, green: number, blue: number];
export type ScaleTheme = "dark" | "light" | "high-contrast";
export const colorMapNames = ["pathlight", "rdbu", "puor", "berlin"] as const;
export type ColorMapName = (typeof colorMapNames)[number];

const PATHLIGHT: Readonly<Record<ScaleTheme, string>> = {
  dark: "b0d5ff 5ea5f3 317dca 1e5a96 17395d 1f1f1f 532e04 814802 b06505 dd8c3d fac597",
  light: "064883 1c73c5 51a2f8 9eccff d9eafe ffffff fee2ce f8b88b e38231 ab5902 6e3701",
  "high-contrast": "cbe5fe 79befe 2f91e2 0b67a9 0f4067 000000 563501 8a5601 c07b03 e8a95c fcdbb7",
};

/** RdBu and PuOr: ColorBrewer 2.0 (Cynthia Brewer), eleven classes, turned so that blue or purple is −1. berlin: Crameri 2018. */
const PUBLISHED: Readonly<Record<Exclude<ColorMapName, "pathlight">, string>> = {
  rdbu: "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f",
  puor: "2d004b 542788 8073ac b2abd2 d8daeb f7f7f7 fee0b6 fdb863 e08214 b35806 7f3b08",
  berlin: "9eb0ff 60a5df 3280a6 20526a 112732 190c09 371000 5f1f0a 964a36 ca7b71 ffadad",
};

const MIDDLE = 5;
/** Where on the scale a solid bar takes its colour. */
const SOLID: Readonly<Record<ScaleTheme, number>> = { dark: 0.7, light: 0.72, "high-contrast": 0.7 };

export interface ColorScale {
  readonly stops: readonly Rgb[];
  /** Colour of `value` in −1…1 (clamped), linear between the stops. */
  at(value: number): Rgb;
  css(value: number): string;
  /** Black or white, whichever reads better on the colour of `value`: at least 4.58 : 1. */
  ink(value: number): "#000000" | "#ffffff";
  /** Colour of a solid bar that stands for a value of this sign. */
  solid(sign: number): string;
}

export function parseHex(hex: string): Rgb {
  const digits = hex.replace("#", "");
  const part = (index: number): number => Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
  return [part(0), part(1), part(2)];
}

/** WCAG 2 relative luminance, 0 to 1. */
export function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2 contrast ratio, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** CIE lightness L*, 0 to 100. */
export function lightness(color: Rgb): number {
  const y = luminance(color);
  return y <= 216 / 24389 ? (y * 24389) / 27 : 116 * Math.cbrt(y) - 16;
}

export function cssColor(color: Rgb): string {
  return `rgb(${color.map((channel) => Math.round(channel)).join(", ")})`;
}

/** `background`: the editor background, which takes the place of the middle stop of Pathlight's own scale. */
export function colorScale(name: ColorMapName, theme: ScaleTheme, background?: Rgb): ColorScale {
  const text = name === "pathlight" ? PATHLIGHT[theme] : PUBLISHED[name];
  const stops = text.split(" ").map(parseHex);
  if (name === "pathlight" && background !== undefined) stops[MIDDLE] = background;
  const at = (value: number): Rgb => {
    const position = (Math.max(-1, Math.min(1, value)) + 1) * MIDDLE;
    const index = Math.min(stops.length - 2, Math.floor(position));
    const fraction = position - index;
    const from = stops[index] as Rgb;
    const to = stops[index + 1] as Rgb;
    return [0, 1, 2].map((c) => (from[c] as number) + ((to[c] as number) - (from[c] as number)) * fraction) as [
      number,
      number,
      number,
    ];
  };
  return {
    stops,
    at,
    css: (value) => cssColor(at(value)),
    ink: (value) => {
      // Rounded as it is painted, so that the choice is made on the colour that is seen.
      const color = at(value).map(Math.round) as [number, number, number];
      return contrast(color, [255, 255, 255]) >= contrast(color, [0, 0, 0]) ? "#ffffff" : "#000000";
    },
    solid: (sign) => cssColor(at(Math.sign(sign) * SOLID[theme])),
  };
}
