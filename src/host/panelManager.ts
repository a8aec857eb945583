import * as vscode from "vscode";
import { z } from "zod";
import { DisposableStore } from "../common/disposable.ts";
import { explainRequestSchema, type Settings } from "../protocol/explain.ts";
import { PanelController } from "./panelController.ts";
import { panelHtml } from "./panelHtml.ts";
import type { Services } from "./services.ts";
import { type Subject, subjectKey, subjectOf } from "./subject.ts";

const PANEL_TYPE = "pathlight.panel";
const MEMORY_KEY = "pathlight.panels";

/** What it takes to bring a panel back after the window was reloaded. */
const memorySchema = z.array(
  z.strictObject({
    title: z.string(),
    current: z.string().nullable(),
    request: explainRequestSchema,
    sampleTitle: z.string(),
    kind: z.enum(["image", "rows", "tensor", "text", "file"]),
  }),
);
type Memory = z.output<typeof memorySchema>;

/** Whatever the page stored for itself; `current` is the history item that it showed. */
const pageStateSchema = z.looseObject({ current: z.string().nullish() });

/** All open panels, the status bar and the diagnostics that follow them. */
export class PanelManager implements vscode.Disposable {
  readonly #services: Services;
  readonly #context: vscode.ExtensionContext;
  readonly #panels = new Set<PanelController>();
  readonly #store = new DisposableStore();
  #last: PanelController | undefined;

  constructor(context: vscode.ExtensionContext, services: Services) {
    this.#context = context;
    this.#services = services;
  }

  get all(): readonly PanelController[] {
    return [...this.#panels];
  }

  /** The panel in front, else the one used last. */
  get active(): PanelController | undefined {
    return [...this.#panels].find((panel) => panel.panel.active) ?? this.#last;
  }

  find(id: unknown): PanelController | undefined {
    return typeof id === "string" ? [...this.#panels].find((panel) => panel.id === id) : this.active;
  }

  /** Explains in the panel that shows the same sample and model already, else in a new one beside the editor. */
  async explain(subject: Subject, settings?: Settings): Promise<PanelController> {
    const key = subjectKey(subject);
    const same = [...this.#panels].find((panel) => panel.subject !== undefined && subjectKey(panel.subject) === key);
    const panel = same ?? this.#create();
    panel.panel.reveal(undefined, true);
    await panel.explain(subject, settings);
    return panel;
  }

  async openRecord(id: string, into?: PanelController): Promise<void> {
    await this.#services.history.ready;
    const record = this.#services.history.find(id);
    if (record === undefined) return;
    const subject = subjectOf(record.request, record.item.sample, record.kind);
    if (subject === undefined) return;
    const shows = [...this.#panels].find((panel) => panel.current === id);
    if (shows !== undefined && into === undefined) {
      shows.panel.reveal();
      return;
    }
    const panel = into ?? this.#create();
    panel.panel.reveal();
    await panel.show(record, subject);
  }

  /** After a reload: the last stored explanation of the panel, or its sample with an invitation to run it again. */
  async revive(webviewPanel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { history } = this.#services;
    await history.ready;
    const memory = this.#remembered().find(({ title }) => title === webviewPanel.title);
    const parsed = pageStateSchema.safeParse(state);
    const current = (parsed.success ? parsed.data.current : undefined) ?? memory?.current;
    const record = typeof current === "string" ? history.find(current) : undefined;
    const panel = this.#adopt(webviewPanel);
    const request = record?.request ?? memory?.request;
    if (request === undefined) return;
    const title = record?.item.sample ?? memory?.sampleTitle ?? "";
    const subject = subjectOf(request, title, record?.kind ?? memory?.kind ?? "tensor");
    if (subject === undefined) return;
    if (record === undefined) await panel.explain(subject);
    else await panel.show(record, subject);
  }

  dispose(): void {
    for (const panel of [...this.#panels]) panel.dispose();
    this.#store.dispose();
  }

  #create(): PanelController {
    const panel = vscode.window.createWebviewPanel(
      PANEL_TYPE,
      "Pathlight",
      // Beside the editor, and all panels in one place.
      { viewColumn: this.active?.panel.viewColumn ?? vscode.ViewColumn.Beside, preserveFocus: true },
      this.#webviewOptions(),
    );
    return this.#adopt(panel);
  }

  #adopt(webviewPanel: vscode.WebviewPanel): PanelController {
    const { extensionUri } = this.#context;
    webviewPanel.webview.options = this.#webviewOptions();
    webviewPanel.iconPath = {
      dark: vscode.Uri.joinPath(extensionUri, "media", "panel-dark.svg"),
      light: vscode.Uri.joinPath(extensionUri, "media", "panel-light.svg"),
    };
    const panel = new PanelController(webviewPanel, this.#services);
    this.#panels.add(panel);
    this.#last = panel;
    panel.onDidChange(() => this.#follow(panel));
    webviewPanel.onDidDispose(() => this.#forget(panel));
    // Only now: the page says `ready` as soon as it is there, and somebody must listen.
    webviewPanel.webview.html = panelHtml(webviewPanel.webview, extensionUri);
    return panel;
  }

  #webviewOptions(): vscode.WebviewOptions & vscode.WebviewPanelOptions {
    return {
      enableScripts: true,
      localResourceRoots: [vscode.Uri.joinPath(this.#context.extensionUri, "dist", "webview")],
      retainContextWhenHidden: false,
    };
  }

  #follow(panel: PanelController): void {
    if (!this.#panels.has(panel)) return;
    if (panel.panel.active) this.#last = panel;
    const { diagnostics, highlights, statusBar } = this.#services;
    statusBar.update(this.active);
    const settled = panel.phase !== "running" && panel.phase !== "loading";
    // A text with blanks in it is not the one that stands in the file.
    const isWhole = panel.subject?.sample.blanked === undefined;
    if (isWhole && panel.subject !== undefined) highlights.follow(panel.id, panel.subject.sample);
    // While a run goes on the warning of the map before it stands; it is taken back by the result.
    if (isWhole && settled) {
      void diagnostics.update(panel.id, panel.subject, panel.shown?.explanation);
      highlights.show(panel.id, panel.shown?.explanation, {
        command: panel.current === null ? "pathlight.openPanel" : "pathlight.openExplanation",
        arguments: panel.current === null ? [] : [panel.current],
        outdated: panel.stale === "model",
      });
    }
    void vscode.commands.executeCommand("setContext", "pathlight.hasPanel", this.#panels.size > 0);
    this.#remember();
  }

  #forget(panel: PanelController): void {
    this.#panels.delete(panel);
    if (this.#last === panel) this.#last = [...this.#panels].at(-1);
    this.#services.diagnostics.clear(panel.id);
    this.#services.highlights.clear(panel.id);
    this.#services.statusBar.update(this.active);
    void vscode.commands.executeCommand("setContext", "pathlight.hasPanel", this.#panels.size > 0);
    this.#remember();
  }

  #remembered(): Memory {
    const parsed = memorySchema.safeParse(this.#context.workspaceState.get(MEMORY_KEY));
    return parsed.success ? parsed.data : [];
  }

  #remember(): void {
    const memory: Memory = [];
    for (const panel of this.#panels) {
      const { request, subject } = panel;
      if (request === undefined || subject === undefined) continue;
      const { title, kind } = subject.sample;
      memory.push({ title: panel.panel.title, current: panel.current, request, sampleTitle: title, kind });
    }
    void this.#context.workspaceState.update(MEMORY_KEY, memory);
  }
}
