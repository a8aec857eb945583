import path from "node:path";
import * as esbuild from "esbuild";
import type { Explanation } from "../../../../src/protocol/explanation.ts";
import { toPortable } from "../../../../src/protocol/portable.ts";
import { root } from "./page.ts";

let bundle: Promise<{ script: string; style: string }> | null = null;

async function build(): Promise<{ script: string; style: string }> {
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ["webview-ui/report.ts"],
    outfile: path.join(root, "out", "report.js"),
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
    minify: true,
    loader: { ".ttf": "dataurl" },
    logLevel: "error",
  });
  const text = (ending: string): string => result.outputFiles.find((file) => file.path.endsWith(ending))?.text ?? "";
  return { script: text(".js"), style: text(".css") };
}

/** A report without its picture, in the same policy as the exporter's. */
export async function reportHtml(explanation: Explanation): Promise<string> {
  bundle ??= build();
  const { script, style } = await bundle;
  const data = JSON.stringify(toPortable({ explanation, picture: null })).replaceAll("<", "\\u003c");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:; font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="generator" content="Pathlight"><style>${style}</style></head><body>
<script type="application/json" id="pathlight-data">${data}</script>
<script>${script.replaceAll(/<\/(script)/gi, "<\\/$1").replaceAll("<!--", "<\\!--")}</script></body></html>`;
}
