import { cssColor } from "../src/common/colorScale.ts";
import type { Explanation } from "../src/protocol/explanation.ts";
import { formatScore, formatSigned } from "../src/protocol/format.ts";
import { scoreKind } from "../src/protocol/targetWords.ts";
import { verdictOf } from "../src/protocol/verdict.ts";
import { frameOf } from "./image/frame.ts";
import { imageMap } from "./image/imageMap.ts";
import { paintLegend } from "./image/mapLegend.ts";
import { paintMap } from "./image/paintMap.ts";
import type { PanelStore } from "./model/panelStore.ts";
import { type Theme, theme } from "./model/theme.ts";
import { linkName, methodNames, unitOf } from "./model/words.ts";
import { paintBars, paintTokens } from "./paintValues.ts";

const WIDTH = 960;
const MARGIN = 24;
const LINE = 20;

type Context = OffscreenCanvasRenderingContext2D;

/** Title, caption and verdict: a picture that leaves the panel must not lose them. Returns the height used. */
function paintCaption(context: Context, explanation: Explanation, warnAbove: number, colors: Theme): number {
  const { target, baseline, sample, model } = explanation;
  const verdict = verdictOf(explanation, warnAbove, unitOf(explanation));
  const lines: readonly (readonly [string, string, string])[] = [
    [`600 16px ${colors.fontFamily}`, cssColor(colors.foreground), `${sample.title} · ${model.name}`],
    [
      `13px ${colors.fontFamily}`,
      cssColor(colors.foreground),
      `${methodNames[explanation.method]} for ${target.label} (${linkName(scoreKind(target))}), baseline ${baseline.label}, adds up to ${formatSigned(explanation.sum)} of ${formatSigned(explanation.deltaF)}`,
    ],
    [`13px ${colors.fontFamily}`, cssColor(colors.dim), `${verdict.title}. ${verdict.sentence}`],
  ];
  let y = MARGIN;
  for (const [font, color, text] of lines) {
    context.font = font;
    context.fillStyle = color;
    context.textBaseline = "top";
    context.fillText(text, MARGIN, y, WIDTH - 2 * MARGIN);
    y += LINE + 2;
  }
  return y + 6;
}

function paintImage(context: Context, store: PanelStore, explanation: Explanation, top: number, colors: Theme): number {
  const attribution = explanation.attributions[Math.min(store.view.input, explanation.attributions.length - 1)];
  if (attribution?.kind !== "image") return top;
  const grain = Math.min(store.view.grain ?? attribution.grain, Math.max(attribution.width, attribution.height));
  const map = imageMap(attribution, grain);
  const size = imageSize(frameOf(attribution));
  const left = (WIDTH - size.width) / 2;
  context.save();
  context.translate(left, top);
  context.beginPath();
  context.rect(0, 0, size.width, size.height);
  context.clip();
  const painted = { attribution, grid: map.grid, limit: map.limit, errors: map.errors };
  paintMap(context, size, painted, store.picture, store.view, colors, { scale: 1, x: 0.5, y: 0.5 });
  context.restore();
  let y = top + size.height + 14;
  const legend = { x: MARGIN, y, width: WIDTH - 2 * MARGIN, height: 56 };
  paintLegend(context, legend, map.grid.values, map.limit, store.view, colors);
  y += legend.height + 6;
  const end = formatScore(map.limit, 2);
  const sums = grain === 1 ? "single pixels" : `sums over ${grain}×${grain} pixels`;
  const hatched = map.errors !== null && store.view.hatching ? "; hatched: smaller than its error" : "";
  context.font = `12px ${colors.fontFamily}`;
  context.fillStyle = cssColor(colors.dim);
  const label = (text: string, x: number, align: CanvasTextAlign): void => {
    context.textAlign = align;
    context.fillText(text, x, y);
  };
  label(`−${end} against ${explanation.target.label}`, MARGIN, "left");
  label(`${sums}${hatched}`, WIDTH / 2, "center");
  label(`for ${explanation.target.label} +${end}`, WIDTH - MARGIN, "right");
  context.textAlign = "left";
  return y + LINE;
}

function imageSize(frame: { readonly width: number; readonly height: number }): { width: number; height: number } {
  const scale = Math.min((WIDTH - 2 * MARGIN) / frame.width, 900 / frame.height);
  return { width: Math.round(frame.width * scale), height: Math.round(frame.height * scale) };
}

/** The map as it is set in the panel, whole, with caption, verdict and legend, as PNG bytes. */
export async function captureMap(store: PanelStore): Promise<Uint8Array> {
  const explanation = store.shown?.explanation;
  if (explanation === undefined) throw new Error("There is no map to take a picture of.");
  const colors = theme();
  const attribution = explanation.attributions[Math.min(store.view.input, explanation.attributions.length - 1)];
  const texts = explanation.attributions.filter((each) => each.kind === "text");
  // Painted twice: the first time to learn the height.
  const draw = (context: Context): number => {
    const top = paintCaption(context, explanation, store.state?.warnAbove ?? 0.05, colors);
    if (attribution?.kind === "text")
      return paintTokens(context, texts, store.view, colors, { left: MARGIN, top, width: WIDTH - 2 * MARGIN });
    if (attribution?.kind === "tensor")
      return paintBars(context, attribution, store.view, colors, { left: MARGIN, top, width: WIDTH - 2 * MARGIN });
    return paintImage(context, store, explanation, top, colors);
  };
  const probe = new OffscreenCanvas(WIDTH, 16).getContext("2d");
  const height = probe === null ? 1200 : Math.ceil(draw(probe)) + MARGIN;
  const canvas = new OffscreenCanvas(WIDTH, height);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("The browser gave no canvas to draw on.");
  context.fillStyle = cssColor(colors.background);
  context.fillRect(0, 0, WIDTH, height);
  draw(context);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new Uint8Array(await blob.arrayBuffer());
}
