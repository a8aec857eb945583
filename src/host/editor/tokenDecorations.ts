import * as vscode from "vscode";
import { colorScale, type ScaleTheme } from "../../common/colorScale.ts";
import type { PlacedTokens, TokenSpan } from "./tokenSpans.ts";

/** Steps of colour on each side of zero. */
const LEVELS = 6;
/** Below this share of the largest value nothing would be seen; the panel hides as much to begin with. */
const LEAST_SHARE = 0.04;
/** From here on a token has a mark in the overview ruler; weaker ones would only fill it. */
const RULER_LEVEL = 3;

/** What a token looks like: a step on the scale, or for or against without a colour where its value must not be read. */
export type TokenLook = `level ${number}` | "uncertain for" | "uncertain against";

/**
 * The look of a token; null: its value is too small to be seen. What is smaller than its error, and everything of a map that
 * must not be read, keeps its sign but no colour.
 */
export function lookOf(span: TokenSpan, { limit }: PlacedTokens, distrusted: boolean): TokenLook | null {
  const share = limit === 0 ? 0 : Math.abs(span.value) / limit;
  if (share < LEAST_SHARE) return null;
  const level = Math.sign(span.value) * Math.max(1, Math.round(share * LEVELS));
  if (span.uncertain || distrusted) return level > 0 ? "uncertain for" : "uncertain against";
  return `level ${level}`;
}

/** The decoration types of the present theme, made when they are first needed. Whoever makes it disposes it. */
export class TokenDecorations implements vscode.Disposable {
  #types: ReadonlyMap<TokenLook, vscode.TextEditorDecorationType> | undefined;

  get areThere(): boolean {
    return this.#types !== undefined;
  }

  get all(): ReadonlyMap<TokenLook, vscode.TextEditorDecorationType> {
    this.#types ??= makeTypes();
    return this.#types;
  }

  /** Removes them from all editors. */
  dispose(): void {
    for (const type of this.#types?.values() ?? []) type.dispose();
    this.#types = undefined;
  }
}

function makeTypes(): Map<TokenLook, vscode.TextEditorDecorationType> {
  const { kind } = vscode.window.activeColorTheme;
  const dark: ScaleTheme = kind === vscode.ColorThemeKind.HighContrast ? "high-contrast" : "dark";
  const types = new Map<TokenLook, vscode.TextEditorDecorationType>();
  const make = (
    look: TokenLook,
    sign: number,
    of: (theme: ScaleTheme) => vscode.ThemableDecorationRenderOptions,
    more: vscode.DecorationRenderOptions = {},
  ): void => {
    const options = {
      // Solid is for, dotted is against: sign is never colour alone.
      borderStyle: sign > 0 ? "solid" : "dotted",
      borderWidth: "0 0 2px 0",
      rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
      light: of("light"),
      dark: of(dark),
      ...more,
    };
    types.set(look, vscode.window.createTextEditorDecorationType(options));
  };
  for (let level = -LEVELS; level <= LEVELS; level++) {
    if (level === 0) continue;
    const place = Math.sign(level) * (0.12 + (0.8 * Math.abs(level)) / LEVELS);
    const ruler = Math.abs(level) >= RULER_LEVEL;
    make(
      `level ${level}`,
      level,
      (theme) => {
        const scale = colorScale("pathlight", theme);
        const solid = scale.solid(level);
        return {
          backgroundColor: scale.css(place),
          color: scale.ink(place),
          borderColor: solid,
          ...(ruler ? { overviewRulerColor: solid } : {}),
        };
      },
      // For on the right, against on the left: in the ruler too.
      ruler ? { overviewRulerLane: level > 0 ? vscode.OverviewRulerLane.Right : vscode.OverviewRulerLane.Left } : {},
    );
  }
  for (const sign of [1, -1]) {
    const look = sign > 0 ? "uncertain for" : "uncertain against";
    make(look, sign, (theme) => ({ borderColor: colorScale("pathlight", theme).solid(sign) }), {
      borderWidth: "0 0 1px 0",
    });
  }
  return types;
}
