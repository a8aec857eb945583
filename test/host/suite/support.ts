import assert from "node:assert/strict";
import { join } from "node:path";
import * as vscode from "vscode";
import type { TestView } from "../../../src/extension.ts";
import type { ComputeProcess } from "../../../src/host/computeProcess.ts";
import type { PanelController } from "../../../src/host/panelController.ts";
import type { Services } from "../../../src/host/services.ts";
import type { Explanation } from "../../../src/protocol/explanation.ts";
import { type HostToPanel, hostToPanelSchema, type PanelState } from "../../../src/protocol/panel.ts";

export function extension(): vscode.Extension<TestView> {
  const found = vscode.extensions.getExtension<TestView>("pathlight.pathlight");
  assert.ok(found, "the extension is there");
  return found;
}

/** The extension's services, made by a first use where nobody has used it yet. */
export async function services(): Promise<Services> {
  const view = await extension().activate();
  // A command that does nothing without a panel.
  if (view.services() === undefined) await vscode.commands.executeCommand("pathlight.cancel");
  const made = await view.services();
  assert.ok(made, "the first command makes the services");
  return made;
}

/** Absolute path of a file of the workspace. */
export function inWorkspace(...names: string[]): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, "a folder is open");
  return join(folder.uri.fsPath, ...names);
}

export function uriOf(...names: string[]): vscode.Uri {
  return vscode.Uri.file(inWorkspace(...names));
}

/** Waits until something holds. The limit ends what would never come; a busy machine is to stay far below it. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  limitMs = 90_000,
): Promise<T> {
  for (const end = Date.now() + limitMs; ; await new Promise((resolve) => setTimeout(resolve, 25))) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > end) assert.fail(`did not come to pass within ${limitMs / 1000} s: ${what}`);
  }
}

/** Explains a file of the workspace through the command; returns the panel when the run has ended. */
export async function explain(...names: string[]): Promise<PanelController> {
  const uri = uriOf(...names);
  await vscode.commands.executeCommand("pathlight.explain", uri);
  return panelOf(uri.fsPath);
}

export async function explainRow(row: number, ...names: string[]): Promise<PanelController> {
  const uri = uriOf(...names);
  await vscode.commands.executeCommand("pathlight.explainRow", uri, row);
  return panelOf(uri.fsPath, row);
}

/** The open panel of a sample. */
export async function panelOf(file: string, row?: number): Promise<PanelController> {
  const { panels } = await services();
  const found = panels.all.find(({ subject }) => {
    const sample = subject?.sample.sample;
    return sample?.kind === "file" && sample.path === file && sample.row === row;
  });
  assert.ok(found, `a panel shows ${file}`);
  return found;
}

export function explanationOf(panel: PanelController): Explanation {
  const { shown } = panel;
  assert.ok(shown, `the panel shows an explanation (phase ${panel.phase})`);
  return shown.explanation;
}

export async function closePanels(): Promise<void> {
  const { panels } = await services();
  for (const panel of panels.all) panel.dispose();
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
}

/** Settings that a test changes, put back by `restore`. */
export class Settings {
  readonly #changed = new Set<string>();

  async set(name: string, value: unknown): Promise<void> {
    await this.setAny(`pathlight.${name}`, value);
  }

  /** One of the editor's own. */
  async setAny(id: string, value: unknown): Promise<void> {
    this.#changed.add(id);
    await vscode.workspace.getConfiguration().update(id, value, vscode.ConfigurationTarget.Global);
  }

  async restore(): Promise<void> {
    for (const id of this.#changed) {
      await vscode.workspace.getConfiguration().update(id, undefined, vscode.ConfigurationTarget.Global);
    }
    this.#changed.clear();
  }
}

/** Listens to what a panel's page is sent. */
export class PanelEar {
  readonly messages: HostToPanel[] = [];

  constructor(panel: PanelController) {
    const { webview } = panel.panel;
    const send = webview.postMessage.bind(webview);
    webview.postMessage = (message: unknown) => {
      this.messages.push(hostToPanelSchema.parse(message));
      return send(message);
    };
  }

  get state(): PanelState | undefined {
    return this.messages.flatMap((message) => (message.type === "state" ? [message.state] : [])).at(-1);
  }
}

/**
 * Holds back what comes of one method of the compute process, answers and errors: it is there, and nobody learns of it
 * before `open`.
 */
export class AnswerGate {
  readonly #compute: ComputeProcess;
  readonly #opened: Promise<void>;
  #open: () => void = () => undefined;
  #asked = 0;
  #held = 0;

  constructor(compute: ComputeProcess, method: Parameters<ComputeProcess["call"]>[0]) {
    this.#compute = compute;
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
    const call = compute.call.bind(compute);
    compute.call = async (asked, params, options) => {
      if (asked !== method) return call(asked, params, options);
      this.#asked++;
      try {
        return await call(asked, params, options);
      } finally {
        this.#held++;
        await this.#opened;
      }
    };
  }

  /** How many calls were made. */
  get asked(): number {
    return this.#asked;
  }

  /** How many of them have come to an end. */
  get held(): number {
    return this.#held;
  }

  /** Lets the answers pass that are held, and those that come from now on. */
  open(): void {
    // The method of the class shows again.
    Reflect.deleteProperty(this.#compute, "call");
    this.#open();
  }
}

export function pathlightDiagnostics(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === "Pathlight");
}
