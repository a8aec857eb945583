import type { Bench } from "./bench.ts";

/** The coloured pieces of each line that has some, once for each editor that shows it. */
export async function coloured({ page }: Bench): Promise<string[][]> {
  const lines = await page.evaluate(() =>
    [...document.querySelectorAll(".view-line")].map((line) =>
      [...line.querySelectorAll("span > span")].map(
        ({ className, textContent }) => [className, textContent ?? ""] as const,
      ),
    ),
  );
  return lines.map(piecesOf).filter((pieces) => pieces.length > 0);
}

/**
 * The ink of a decoration is a class of the very characters; its ground is painted behind them. Where the language has a
 * token of its own, as an escape is one, a piece is cut in two.
 */
function piecesOf(line: readonly (readonly [className: string, text: string])[]): string[] {
  const pieces: string[] = [];
  let before: string | undefined;
  for (const [className, text] of line) {
    const look = /ced-\S*TextEditorDecorationType\S*/.exec(className)?.[0];
    const shown = text.replaceAll("\u00a0", " ");
    if (look !== undefined && look === before) pieces.push((pieces.pop() ?? "") + shown);
    else if (look !== undefined) pieces.push(shown);
    before = look;
  }
  return pieces;
}
