import {
  type ColorMapName,
  type ColorScale,
  colorScale,
  type Rgb,
  type ScaleTheme,
} from "../../src/common/colorScale.ts";

/** What canvases need to know of the theme; elements get the rest from CSS variables. */
export interface Theme {
  readonly kind: ScaleTheme;
  readonly background: Rgb;
  readonly foreground: Rgb;
  readonly dim: Rgb;
  readonly fontFamily: string;
  readonly reducedMotion: boolean;
  scale(name: ColorMapName): ColorScale;
}

/** Any CSS colour as numbers: the browser parses it. Half-transparent ones are laid over `under`. */
function readColor(css: string, under: Rgb): Rgb {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null || css === "") return under;
  context.fillStyle = `rgb(${under.join(" ")})`;
  context.fillRect(0, 0, 1, 1);
  context.fillStyle = css;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

function kindOf(body: HTMLElement): ScaleTheme {
  const has = (name: string): boolean => body.classList.contains(name);
  if (has("vscode-light") || has("vscode-high-contrast-light")) return "light";
  return has("vscode-high-contrast") ? "high-contrast" : "dark";
}

function readTheme(): Theme {
  const { body } = document;
  const style = getComputedStyle(body);
  const variable = (name: string): string => style.getPropertyValue(name).trim();
  const kind = kindOf(body);
  const background = readColor(variable("--vscode-editor-background"), kind === "light" ? [255, 255, 255] : [0, 0, 0]);
  const foreground = readColor(variable("--vscode-foreground"), kind === "light" ? [0, 0, 0] : [255, 255, 255]);
  const scales = new Map<ColorMapName, ColorScale>();
  return {
    kind,
    background,
    foreground,
    dim: readColor(variable("--vscode-descriptionForeground"), background),
    fontFamily: style.fontFamily,
    reducedMotion: body.classList.contains("vscode-reduce-motion"),
    scale: (name) => {
      const known = scales.get(name);
      if (known !== undefined) return known;
      const made = colorScale(name, kind, background);
      scales.set(name, made);
      return made;
    },
  };
}

let current: Theme | null = null;

/** The theme as it is now, read once after each change. */
export function theme(): Theme {
  current ??= readTheme();
  return current;
}

/** Calls back after the theme has changed; VS Code does so by the class and style of body and html. */
export function watchTheme(changed: () => void): void {
  const refresh = (): void => {
    current = null;
    changed();
  };
  const observer = new MutationObserver(refresh);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
}
