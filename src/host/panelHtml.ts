import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** A page of ours: one script with a nonce, styles and fonts of the extension alone, no network. */
export function panelHtml(webview: vscode.Webview, extension: vscode.Uri, page: "main" | "inspect" = "main"): string {
  const nonce = randomBytes(18).toString("base64");
  const file = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(extension, "dist", "webview", name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    "img-src blob: data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="csp-nonce" content="${nonce}">
<link rel="stylesheet" href="${file("codicon.css")}">
<link rel="stylesheet" href="${file(`${page}.css`)}">
<title>Pathlight</title>
</head>
<body>
<main id="panel"></main>
<script nonce="${nonce}" src="${file(`${page}.js`)}"></script>
</body>
</html>`;
}
