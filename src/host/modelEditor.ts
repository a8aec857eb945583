import * as vscode from "vscode";
import { InspectPage } from "./inspectPage.ts";
import { panelHtml } from "./panelHtml.ts";
import type { Services } from "./services.ts";

/** Read-only editor of a model file. Never the default: it opens by command or by *Reopen Editor With*. */
export const MODEL_EDITOR = "pathlight.model";

/** Fills the page of an editor that was opened on a model file, and looks after it until it is closed. */
export function showModel(uri: vscode.Uri, panel: vscode.WebviewPanel, services: Services): void {
  const { extensionUri } = services.context;
  panel.webview.options = {
    enableScripts: true,
    localResourceRoots: [vscode.Uri.joinPath(extensionUri, "dist", "webview")],
  };
  const page = new InspectPage(uri, panel, services);
  services.inspections.add(page);
  panel.onDidDispose(() => {
    services.inspections.delete(page);
    page.dispose();
  });
  // Only now: the page says `ready` as soon as it is there, and somebody must listen.
  panel.webview.html = panelHtml(panel.webview, extensionUri, "inspect");
}
