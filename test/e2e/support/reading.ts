import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import type { Bench } from "./bench.ts";

/** The first number that the pattern catches, with a true minus sign. */
export function number(text: string | null | undefined, pattern: RegExp): number {
  const found = pattern.exec(text ?? "")?.[1];
  assert.ok(found !== undefined, `${pattern} in ${text}`);
  return Number(found.replace("−", "-").replace("+", ""));
}

/** Presses Tab until what is focused matches. */
export async function tabTo(bench: Bench, selector: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await bench.page.keyboard.press("Tab");
    const there = await bench.panel
      .locator("body")
      .evaluate((_body, wanted) => document.activeElement?.matches(wanted) ?? false, selector);
    if (there) return;
  }
  throw new Error(`Tab never came to ${selector}`);
}

/** Waits for the ablation of so many neurons; the score before and after, and all that stands there. */
export async function ablatedScores(
  tab: Locator,
  count: number,
  noun: "channel" | "unit",
): Promise<{ text: string; before: number; after: number }> {
  const bars = tab.locator(".score-bars");
  await bars
    .locator("dt", { hasText: `Without ${count} ` })
    .first()
    .waitFor({ timeout: 90_000 });
  const text = (await bars.textContent()) ?? "";
  const before = number(text, /Before\s*([−\d.]+)/);
  return { text, before, after: number(text, new RegExp(`Without \\d+ ${noun}s?\\s*([−\\d.]+)`)) };
}
