import { existsSync } from "node:fs";
import { join } from "node:path";
import { type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import type { WorkbenchServer } from "./server.ts";

/** Chromium on this machine: CHROMIUM, else what the system's packages bring. */
export function findChromium(): string | undefined {
  const places = [
    process.env["CHROMIUM"],
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ];
  return places.find((place) => place !== undefined && place !== "" && existsSync(place));
}

/** A browser with a fresh profile inside the server's throw-away folder, which can reach that server and nothing else. */
export async function startBrowser(
  server: WorkbenchServer,
  { viewport = { width: 1280, height: 800 } }: { readonly viewport?: { width: number; height: number } } = {},
): Promise<BrowserContext> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("Chromium is not installed; name it in CHROMIUM.");
  const flags =
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage";
  return await chromium.launchPersistentContext(join(server.folder, "chromium"), {
    executablePath,
    headless: true,
    viewport,
    args: [...flags.split(" "), "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
  });
}

/**
 * Opens the context menu of something and clicks an entry. Tries again for a while: the menu lacks the entry while the
 * extension is being scanned, and closes when a panel that has just opened takes the focus.
 */
export async function contextMenu(page: Page, target: Locator, label: string): Promise<void> {
  const text = page.locator(".action-label", { hasText: label });
  const item = page.locator(".monaco-menu .action-item:not(.disabled)", { has: text }).first();
  for (const end = Date.now() + 90_000; ; ) {
    try {
      await target.click({ button: "right", timeout: 10_000 });
      await item.waitFor({ timeout: 3000 });
      // Menus ignore a mouse-up in the first 100 ms after they were drawn: a click that comes at once only focuses.
      await page.waitForTimeout(200);
      await item.click({ timeout: 5000 });
      await page.locator(".monaco-menu").first().waitFor({ state: "detached", timeout: 10_000 });
      return;
    } catch (error) {
      if (Date.now() > end) throw new Error(`The context menu has no "${label}"`, { cause: error });
      await page.keyboard.press("Escape");
    }
  }
}

/** Runs a command through the palette. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press("F1");
  const input = page.locator('.quick-input-widget input[type="text"]').first();
  await input.waitFor();
  await input.fill(`>${title}`);
  // Enter would take the first row, which on a busy machine still is that of the list before it is filtered.
  const label = page.getByText(title, { exact: true });
  await page.locator(".quick-input-widget .monaco-list-row", { has: label }).first().click();
}
