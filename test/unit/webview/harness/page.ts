import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import type { PanelStore } from "../../../../webview-ui/model/panelStore.ts";
import { keptView } from "./scenes.ts";

/** The panel in a browser, under the content security policy that VS Code's webview has, with made-up messages. */

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "../../../..");
const ORIGIN = "https://panel.test";
const NONCE = "bm9uY2U";
const POLICY = [
  "default-src 'none'",
  `img-src ${ORIGIN} blob: data:`,
  `style-src ${ORIGIN}`,
  `font-src ${ORIGIN}`,
  `script-src 'nonce-${NONCE}'`,
  // The harness alone fetches: the picture of a scene.
  `connect-src ${ORIGIN}`,
].join("; ");

export type Theme = "dark" | "light" | "hc" | "hc-light";
const bodyClass: Readonly<Record<Theme, string>> = {
  dark: "vscode-dark",
  light: "vscode-light",
  hc: "vscode-high-contrast",
  "hc-light": "vscode-high-contrast vscode-high-contrast-light",
};

const shim = `
window.posted = [];
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile + ":" + event.lineNumber));
const kept = sessionStorage.getItem("state");
window.acquireVsCodeApi = () => ({
  postMessage: (message) => window.posted.push(message),
  getState: () => (kept === null ? undefined : JSON.parse(kept)),
  setState: (state) => sessionStorage.setItem("state", JSON.stringify(state)),
});`;

/** The two pages of the extension; each has its own bundle and its own made-up messages. */
const pages = {
  main: { scenes: "test/unit/webview/harness/scenes.ts" },
  inspect: { scenes: "test/unit/webview/harness/inspectScenes.ts" },
} as const;

export interface BuiltPanel {
  readonly page: keyof typeof pages;
  readonly files: ReadonlyMap<string, { readonly body: Uint8Array; readonly type: string }>;
}

async function bundle(
  entry: string,
  name: string,
  minify = false,
): Promise<[string, { body: Uint8Array; type: string }][]> {
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: path.join(root, "out", name),
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    target: "es2022",
    minify,
    loader: { ".ttf": "file" },
    assetNames: "[name]",
    logLevel: "error",
  });
  return result.outputFiles.map((file) => [
    `/${path.basename(file.path)}`,
    { body: file.contents, type: file.path.endsWith(".css") ? "text/css" : "text/javascript" },
  ]);
}

export async function buildPanel(picture?: string, page: keyof typeof pages = "main"): Promise<BuiltPanel> {
  const files = new Map<string, { body: Uint8Array; type: string }>([
    ...(await bundle(`webview-ui/${page}.ts`, `${page}.js`)),
    ...(await bundle(pages[page].scenes, "scenes.js")),
  ]);
  const add = async (name: string, file: string, type: string): Promise<void> => {
    files.set(name, { body: await readFile(file), type });
  };
  const icons = path.join(root, "node_modules/@vscode/codicons/dist");
  await add("/codicon.css", path.join(icons, "codicon.css"), "text/css");
  await add("/codicon.ttf", path.join(icons, "codicon.ttf"), "font/ttf");
  await add("/themes.css", path.join(root, "test/unit/webview/harness/themes.css"), "text/css");
  if (picture !== undefined) await add("/picture", picture, "image/png");
  files.set("/shim.js", { body: Buffer.from(shim), type: "text/javascript" });
  return { page, files };
}

export function panelHtml(theme: Theme, page: keyof typeof pages = "main"): string {
  const script = (name: string): string => `<script nonce="${NONCE}" src="${ORIGIN}/${name}"></script>`;
  const style = (name: string): string => `<link rel="stylesheet" href="${ORIGIN}/${name}">`;
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
${["codicon.css", "themes.css", `${page}.css`].map(style).join("")}</head>
<body class="${bodyClass[theme]}"><main id="panel"></main>${["shim.js", "scenes.js", `${page}.js`].map(script).join("")}</body></html>`;
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
    ],
  });
}

export async function openPanel(
  browser: Browser,
  panel: BuiltPanel,
  options: { readonly theme?: Theme; readonly width?: number; readonly height?: number; readonly scene: string },
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: options.width ?? 960, height: options.height ?? 1100 } });
  await page.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") {
      await route.fulfill({ contentType: "text/html", body: panelHtml(options.theme ?? "dark", panel.page) });
      return;
    }
    const file = panel.files.get(pathname);
    if (file === undefined) await route.fulfill({ status: 404, body: "" });
    else await route.fulfill({ contentType: file.type, body: Buffer.from(file.body) });
  });
  const kept = keptView(options.scene);
  if (kept !== null) {
    await page.addInitScript((state) => {
      if (sessionStorage.getItem("state") === null) sessionStorage.setItem("state", state);
    }, kept);
  }
  await page.goto(`${ORIGIN}/`);
  await page.evaluate((scene) => window.showScene(scene), options.scene);
  await settle(page);
  return page;
}

/** Messages have arrived, the picture is decoded, canvases are painted. */
export async function settle(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const panel = document.querySelector<HTMLElement & { readonly store?: Partial<PanelStore> }>(
      "pl-panel, pl-inspector",
    );
    const { shown = null, picture = null } = panel?.store ?? {};
    return panel?.childElementCount && ((shown?.picture ?? null) === null || picture !== null);
  });
  await rest(page, 120);
}

/**
 * Lets time pass by the page's own clock, and two frames: what it has put off for less than that is done then, however busy
 * the machine is.
 */
export function rest(page: Page, ms: number): Promise<void> {
  return page.evaluate(async (pause) => {
    await new Promise((resolve) => setTimeout(resolve, pause));
    for (let frames = 0; frames < 2; frames++) await new Promise((resolve) => requestAnimationFrame(resolve));
  }, ms);
}
