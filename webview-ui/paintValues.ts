import { cssColor } from "../src/common/colorScale.ts";
import { rankByStrength } from "../src/common/mapLayout.ts";
import type { TensorAttribution, TextAttribution } from "../src/protocol/explanation.ts";
import { formatSigned } from "../src/protocol/format.ts";
import type { Theme } from "./model/theme.ts";
import type { ViewState } from "./model/viewState.ts";
import { tensorItems } from "./tensor/tensorView.ts";
import { textSections } from "./text/textSections.ts";
import type { TokenGroup } from "./text/tokenGroups.ts";

/** Tokens and bars on a canvas, for pictures of explanations that have no picture of their own. */

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

const STRONGEST = 12;

/** All texts of an explanation, each field under its heading. Sentences are painted as words: they would not fit. */
export function paintTokens(
  context: OffscreenCanvasRenderingContext2D,
  texts: readonly TextAttribution[],
  view: ViewState,
  colors: Theme,
  box: Box,
): number {
  const { sections } = textSections(texts, view.unit === "sentence" ? "word" : view.unit);
  const marks = sections.flatMap((section) => section.marks);
  const limit = Math.max(...marks.map(({ value }) => Math.abs(value)), 0);
  let { top } = box;
  for (const section of sections) {
    if (section.heading !== null) {
      context.font = `600 13px ${colors.fontFamily}`;
      context.fillStyle = cssColor(colors.foreground);
      context.textBaseline = "top";
      context.fillText(`${section.heading}, ${formatSigned(section.total)}`, box.left, top, box.width);
      top += 24;
    }
    top = paintRow(context, section.marks, limit, view, colors, { ...box, top }) + 66;
  }
  const ranked = [...rankByStrength(marks.map(({ value }) => value)).order].slice(0, STRONGEST);
  const items = ranked.flatMap((position) => marks[position] ?? []);
  return paintList(context, items, view, colors, { ...box, top });
}

/** Returns the top of its last line. */
function paintRow(
  context: OffscreenCanvasRenderingContext2D,
  groups: readonly TokenGroup[],
  limit: number,
  view: ViewState,
  colors: Theme,
  box: Box,
): number {
  const scale = colors.scale(view.colorMap);
  context.textBaseline = "top";
  let x = box.left;
  let y = box.top;
  for (const group of groups) {
    context.font = `16px ${colors.fontFamily}`;
    const text = group.text.replaceAll("\n", "⏎");
    const width = Math.min(box.width, context.measureText(text).width + 8);
    x += group.spaced ? 6 : 0;
    if (x + width > box.left + box.width) {
      x = box.left;
      y += 52;
    }
    const u = limit > 0 ? group.value / limit : 0;
    const t = Math.abs(u);
    const shown = t >= view.textThreshold && t > 0;
    const place = Math.sign(u) * (0.12 + 0.8 * t);
    if (shown) {
      context.fillStyle = scale.css(place);
      context.fillRect(x, y, width, 24);
    }
    context.fillStyle = shown ? scale.ink(place) : cssColor(colors.foreground);
    context.fillText(text, x + 4, y + 4, width - 4);
    context.fillStyle = cssColor(colors.dim);
    context.fillRect(x, y + 36, width, 1);
    if (shown) {
      context.fillStyle = scale.solid(u);
      const height = Math.max(1, Math.round(t * 11));
      context.fillRect(x + 2, u > 0 ? y + 36 - height : y + 37, width - 4, height);
    }
    x += width;
  }
  return y;
}

export function paintBars(
  context: OffscreenCanvasRenderingContext2D,
  attribution: TensorAttribution,
  view: ViewState,
  colors: Theme,
  box: Box,
): number {
  const items = tensorItems(attribution);
  const ranked = [...rankByStrength(attribution.values).order].slice(0, 2 * STRONGEST);
  return paintList(
    context,
    ranked.flatMap((position) => items[position] ?? []),
    view,
    colors,
    box,
  );
}

function paintList(
  context: OffscreenCanvasRenderingContext2D,
  items: readonly { readonly text: string; readonly value: number; readonly error: number | null }[],
  view: ViewState,
  colors: Theme,
  box: Box,
): number {
  const limit = Math.max(...items.map(({ value, error }) => Math.abs(value) + Math.abs(error ?? 0)), 1e-12);
  const scale = colors.scale(view.colorMap);
  const middle = box.left + 120 + (box.width - 240) / 2;
  const half = (box.width - 240) / 2;
  context.font = `13px ${colors.fontFamily}`;
  context.textBaseline = "top";
  let y = box.top;
  for (const { text, value, error } of items) {
    context.fillStyle = cssColor(colors.foreground);
    context.textAlign = "right";
    context.fillText(text, box.left + 108, y, 108);
    context.textAlign = "left";
    context.fillText(formatSigned(value), box.left + box.width - 108, y);
    const length = (Math.abs(value) / limit) * half;
    context.fillStyle = scale.solid(value);
    context.fillRect(value >= 0 ? middle : middle - length, y, length, 14);
    if (error !== null) {
      const whisker = (Math.abs(error) / limit) * half;
      const end = middle + Math.sign(value) * length;
      context.fillStyle = cssColor(colors.foreground);
      context.fillRect(end - whisker, y + 6, Math.max(2, 2 * whisker), 2);
    }
    y += 22;
  }
  return y;
}
