import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageFolder } from "../../backend/packageFiles.ts";
import { PathlightError } from "../../common/errors.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import type { Shown } from "../../protocol/panel.ts";
import { toPortable } from "../../protocol/portable.ts";
import { version } from "../version.ts";

/**
 * `report.html`: the panel's view of one explanation in a single file that needs no network, no server and no other
 * file. Script and style are the webview's own bundle; the data stands in a JSON block that the script reads.
 *
 * @throws PathlightError `internal` when the bundle is missing.
 */
export async function reportHtml(explanation: Explanation, picture: Shown["picture"]): Promise<string> {
  const folder = join(packageFolder(), "dist", "webview");
  const [script, style] = await Promise.all([asset(folder, "report.js"), asset(folder, "report.css")]);
  const title = `${explanation.sample.title} · ${explanation.target.label} · ${explanation.model.name}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:; font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="generator" content="Pathlight ${version}">
<title>${escapeText(title)}</title>
<style>${style.replaceAll(/<\/(style)/gi, "<\\/$1")}</style>
</head>
<body>
<noscript>This report draws itself with a script; the numbers are in explanation.json beside it.</noscript>
<script type="application/json" id="pathlight-data">${jsonForScript(toPortable({ explanation, picture }))}</script>
<script>${script.replaceAll(/<\/(script)/gi, "<\\/$1").replaceAll("<!--", "<\\!--")}</script>
</body>
</html>
`;
}

/** JSON in which nothing can end or open a script element, and no character ends a line of JavaScript. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

async function asset(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  // The source map stays behind.
  if (existsSync(path)) return (await readFile(path, "utf8")).replace(/\n(\/\/|\/\*)# sourceMappingURL=.*\s*$/, "\n");
  throw new PathlightError("internal", `The report's ${name} is missing.`, {
    file: path,
    expected: "the bundle of the webview",
    found: "no such file",
    whatToDo: "Run `node scripts/build.mjs`, or install Pathlight again.",
  });
}
