import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BrowserContext, FrameLocator, Locator, Page } from "playwright-core";
import { runCommand, startBrowser } from "../../../scripts/workbench/browser.ts";
import { installWorkbench, repository } from "../../../scripts/workbench/install.ts";
import { startServer, type WorkbenchServer } from "../../../scripts/workbench/server.ts";
import { workbenchUrl } from "../../../scripts/workbench/url.ts";
import type { PanelStore } from "../../../webview-ui/model/panelStore.ts";

export interface BenchOptions {
  /** Name of the folder that is opened. */
  readonly workspace?: string;
  /** Fills the workspace, given its folder. */
  fill(folder: string): Promise<unknown>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** What the panel's page knows of the run that it shows. */
export interface Standing {
  readonly runId: string | null;
  readonly evaluations: number;
  readonly hasEnded: boolean;
}

/** A workbench in the browser with the extension from this repository and a workspace of its own. */
export class Bench {
  readonly server: WorkbenchServer;
  readonly browser: BrowserContext;
  readonly page: Page;
  readonly folder: string;
  #failed = false;

  private constructor(server: WorkbenchServer, browser: BrowserContext, page: Page, folder: string) {
    this.server = server;
    this.browser = browser;
    this.page = page;
    this.folder = folder;
  }

  static async open(options: BenchOptions): Promise<Bench> {
    await installWorkbench();
    const backend = process.env["PATHLIGHT_TEST_BACKEND"];
    const server = await startServer({
      settings: { ...(backend === undefined ? {} : { "pathlight.backend": backend }), ...options.settings },
    });
    try {
      const folder = join(server.folder, options.workspace ?? "workspace");
      await mkdir(folder, { recursive: true });
      await options.fill(folder);
      const browser = await startBrowser(server, { viewport: { width: 1500, height: 1200, ...options.viewport } });
      const page = browser.pages()[0] ?? (await browser.newPage());
      // Generous: what is waited for comes in a second or two, but machines that test are busy.
      page.setDefaultTimeout(90_000);
      const bench = new Bench(server, browser, page, folder);
      await page.goto(workbenchUrl(server, { folder, extension: repository }));
      await page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
      // A palette that opens before the extension has been read stays without its commands.
      await page.locator('.activitybar [aria-label^="Pathlight"]').first().waitFor();
      return bench;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
  }

  /** A step of a test, which stands on those before it; where it fails, the page as it is then goes to out/e2e/. */
  async step(t: TestContext, name: string, run: () => Promise<void>): Promise<void> {
    await t.test(name, async () => {
      if (this.#failed) throw new Error("A step before this one failed.");
      try {
        await run();
      } catch (error) {
        this.#failed = true;
        const folder = join(repository, "out", "e2e");
        await mkdir(folder, { recursive: true });
        const file = join(folder, `${`${t.name} ${name}`.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}.png`);
        await this.page.screenshot({ path: file }).catch(() => undefined);
        throw error;
      }
    });
  }

  /** Changes user settings while the workbench is open. */
  async set(settings: Readonly<Record<string, unknown>>): Promise<void> {
    const file = join(this.server.folder, "data", "User", "settings.json");
    const before = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...before, ...settings }, null, 2));
  }

  /**
   * Loads the window anew, once the workbench has noted which editors are open: it does so every minute, and when the
   * window loses the focus. Its own frame around a page of the extension, which knows nothing of what is in it, at times
   * does not come up again on a busy machine; then the window is loaded once more. What stands in the frame is the
   * extension's, and gets no second chance.
   */
  async reload(): Promise<void> {
    await until("the workbench has saved what is open", async () => {
      await this.page.evaluate(loseFocus);
      return this.page.evaluate(hasSavedPanel);
    });
    const frame = this.page.locator("iframe.webview.ready");
    await this.page.reload();
    const isThere = await frame
      .first()
      .waitFor({ state: "attached", timeout: 30_000 })
      .then(
        () => true,
        () => false,
      );
    if (!isThere) await this.page.reload();
  }

  /** Document of the panel in front. */
  get panel(): FrameLocator {
    const visible = this.page.locator("iframe.webview.ready").locator("visible=true").last();
    return visible.contentFrame().locator("iframe#active-frame").contentFrame();
  }

  get verdict(): Locator {
    return this.panel.locator("#h-verdict");
  }

  /**
   * How the run stands that the panel shows. State and map come in messages of their own: neither alone says that a run has
   * ended, since the state may be ahead of the last map, and the first map of a new run ahead of its state.
   */
  standing(): Promise<Standing> {
    return this.panel.locator("pl-panel").evaluate((panel: HTMLElement & { readonly store: PanelStore }) => {
      const { state, shown, dimmed } = panel.store;
      const explanation = shown?.explanation;
      const busy = state === null || state.phase === "loading" || state.phase === "running";
      return {
        runId: explanation?.runId ?? null,
        evaluations: explanation?.evaluations ?? 0,
        hasEnded: !busy && !dimmed && explanation !== undefined && explanation.status !== "running",
      };
    });
  }

  /**
   * Waits until a run has ended with a map that is of the settings shown. `since`: how it stood before something was asked
   * that changes the map; without it a run that has not begun yet would count as ended.
   */
  async settled(since?: Standing, limitMs?: number): Promise<void> {
    await until(
      "the run has ended",
      async () => {
        const { hasEnded, runId, evaluations } = await this.standing();
        return hasEnded && (runId !== since?.runId || evaluations !== since.evaluations);
      },
      limitMs,
    );
    await this.panel
      .locator(".run .codicon-check, .run .codicon-debug-stop")
      .and(this.panel.locator(".run.dim > *"))
      .first()
      .waitFor();
    await this.panel.locator(".trust:not(.dimmed)").waitFor();
  }

  /** Opens a file in an editor. */
  async open(name: string): Promise<void> {
    await this.page.keyboard.press("Control+p");
    const input = this.page.locator('.quick-input-widget input[type="text"]').first();
    await input.fill(name);
    await this.page.locator(".quick-input-widget .monaco-list-row", { hasText: name }).first().click();
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
  }

  /** Evaluations, as the trust strip has them. */
  async evaluations(): Promise<number> {
    const figure = this.panel.locator(".figures div", { hasText: "Evaluations" }).locator("dd");
    return Number.parseInt(await figure.innerText(), 10);
  }

  async command(title: string): Promise<void> {
    await runCommand(this.page, title);
  }

  async closeEditors(): Promise<void> {
    await this.command("View: Close All Editors");
    await this.page.locator(".tab").first().waitFor({ state: "detached" });
  }

  /** Opens the folders of a path in the explorer and returns the row of the file. */
  async file(...names: string[]): Promise<Locator> {
    for (const [depth, name] of names.entries()) {
      const row = this.#row(name, depth + 1);
      await row.waitFor();
      const isFolder = depth < names.length - 1;
      if (isFolder && (await row.getAttribute("aria-expanded")) === "false") await row.click();
    }
    return this.#row(names.at(-1) ?? "", names.length);
  }

  #row(name: string, level: number): Locator {
    const label = this.page.locator(".label-name", { hasText: new RegExp(`^${name.replaceAll(".", "\\.")}$`) });
    return this.page.locator(`.explorer-folders-view .monaco-list-row[aria-level="${level}"]`, { has: label });
  }
}

/** Waits until something holds; for what has no locator. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = 90_000,
): Promise<T> {
  for (const end = Date.now() + limitMs; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`did not come to pass within ${limitMs / 1000} s: ${what}`);
  }
}

/** In the workbench's page: as when another window comes to the front. */
function loseFocus(): Promise<void> {
  const { hasFocus } = document;
  document.hasFocus = () => false;
  window.dispatchEvent(new Event("blur"));
  return new Promise((resolve) =>
    setTimeout(() => {
      document.hasFocus = hasFocus;
      window.dispatchEvent(new Event("focus"));
      resolve();
    }, 500),
  );
}

/**
 * In the workbench's page: whether what it keeps of the workspace has a panel of ours among the open editors. Without
 * functions of its own: the loader gives each a name by a helper that the page does not have.
 */
async function hasSavedPanel(): Promise<boolean> {
  for (const { name = "" } of await indexedDB.databases()) {
    if (!name.startsWith("vscode-web-state-db")) continue;
    const opening = indexedDB.open(name);
    await new Promise((resolve, reject) => {
      opening.onsuccess = resolve;
      opening.onerror = reject;
    });
    const database = opening.result;
    for (const store of [...database.objectStoreNames]) {
      const reading = database.transaction(store).objectStore(store).get("memento/workbench.parts.editor");
      await new Promise((resolve, reject) => {
        reading.onsuccess = resolve;
        reading.onerror = reject;
      });
      if (typeof reading.result === "string" && reading.result.includes("pathlight.panel")) {
        database.close();
        return true;
      }
    }
    database.close();
  }
  return false;
}
