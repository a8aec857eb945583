import { randomUUID } from "node:crypto";
import type * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import type { HostToPanel, PanelState, Shown } from "../protocol/panel.ts";

/** A page that was hidden has to load first, which takes long where little memory or processor is free. */
const CAPTURE_MS = 60_000;
const STATE_MS = 30;

interface Capture {
  resolve(png: Uint8Array): void;
  reject(error: PathlightError): void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Messages to the panel's page. The page comes and goes (a hidden one is thrown away), so what it must show is kept here
 * and sent again when it says `ready`. Of maps only the newest is worth sending: while one is on its way the next waits.
 */
export class PanelMessages implements vscode.Disposable {
  readonly #panel: vscode.WebviewPanel;
  readonly #captures = new Map<string, Capture>();
  #isReady = false;
  #disposed = false;
  #state: (() => PanelState) | undefined;
  #stateTimer: NodeJS.Timeout | undefined;
  #shown: HostToPanel | undefined;
  #sending = false;
  #waiting: HostToPanel | undefined;
  /** What stands on the page beside the map, by its kind. */
  readonly #standing = new Map<string, HostToPanel>();
  #once: HostToPanel[] = [];
  readonly #afterShown: HostToPanel[] = [];

  constructor(panel: vscode.WebviewPanel) {
    this.#panel = panel;
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.#isReady = false;
    });
  }

  /** The page is new or came back. */
  ready(): void {
    this.#isReady = true;
    this.#sending = false;
    this.#waiting = undefined;
    if (this.#state !== undefined) this.#send({ type: "state", state: this.#state() });
    if (this.#shown !== undefined) this.#sendShown(this.#shown);
    for (const message of this.#standing.values()) this.#send(message);
    for (const message of [...this.#afterShown.splice(0), ...this.#once.splice(0)]) this.#send(message);
  }

  /** Sends the state soon; many changes at once make one message. */
  postState(state: () => PanelState): void {
    this.#state = state;
    if (!this.#isReady || this.#disposed) return;
    this.#stateTimer ??= setTimeout(() => {
      this.#stateTimer = undefined;
      if (this.#isReady) this.#send({ type: "state", state: state() });
    }, STATE_MS);
  }

  showShown(shown: Shown | null, dimmed: boolean): void {
    this.#shown = { type: "shown", shown, dimmed };
    if (this.#isReady) this.#sendShown(this.#shown);
  }

  clearShown(): void {
    this.showShown(null, false);
    this.post({ type: "comparison", comparison: null });
  }

  /** Sent now, or when the page is there. */
  post(message: HostToPanel): void {
    const kind = standingKind(message);
    if (kind !== null) {
      if (isEmpty(message)) this.#standing.delete(kind);
      else this.#standing.set(kind, message);
    }
    if (this.#isReady) this.#send(message);
    else if (kind === null) this.#once.push(message);
  }

  /** The map as PNG bytes. */
  capture(): Promise<Uint8Array> {
    const captureId = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#captures.delete(captureId);
        reject(noPicture("The panel did not give its picture."));
      }, CAPTURE_MS);
      this.#captures.set(captureId, { resolve, reject, timer });
      // Behind a map that is still on its way the picture would be one of the map before it.
      if (this.#sending) this.#afterShown.push({ type: "capture", captureId });
      else this.post({ type: "capture", captureId });
    });
  }

  captured(captureId: string, png: Uint8Array): void {
    const capture = this.#captures.get(captureId);
    if (capture === undefined) return;
    this.#captures.delete(captureId);
    clearTimeout(capture.timer);
    capture.resolve(png);
  }

  captureFailed(captureId: string, why: string): void {
    const capture = this.#captures.get(captureId);
    if (capture === undefined) return;
    this.#captures.delete(captureId);
    clearTimeout(capture.timer);
    capture.reject(noPicture(why));
  }

  dispose(): void {
    this.#disposed = true;
    this.#isReady = false;
    clearTimeout(this.#stateTimer);
    for (const capture of this.#captures.values()) {
      clearTimeout(capture.timer);
      capture.reject(new PathlightError("cancelled", "The panel was closed."));
    }
    this.#captures.clear();
  }

  #sendShown(message: HostToPanel): void {
    if (this.#sending) {
      this.#waiting = message;
      return;
    }
    this.#sending = true;
    this.#send(message, () => {
      this.#sending = false;
      const next = this.#waiting;
      this.#waiting = undefined;
      if (next !== undefined && this.#isReady) return this.#sendShown(next);
      for (const later of this.#afterShown.splice(0)) this.post(later);
    });
  }

  #send(message: HostToPanel, done: () => void = () => undefined): void {
    if (this.#disposed) return;
    // Rejects only when the panel was closed meanwhile, and then nobody waits for the message.
    this.#panel.webview.postMessage(message).then(done, done);
  }
}

function noPicture(why: string): PathlightError {
  return new PathlightError("internal", why, {
    whatToDo: "Bring the panel to the front with a map in it and export again.",
  });
}

/** The kind of which a message says all that there is; null for one that is said once. */
function standingKind(message: HostToPanel): string | null {
  switch (message.type) {
    case "comparison":
    case "whatIf":
    case "layers":
      return message.type;
    case "layersFound":
      return `layers/${message.found.work}`;
    default:
      return null;
  }
}

function isEmpty(message: HostToPanel): boolean {
  switch (message.type) {
    case "comparison":
      return message.comparison === null;
    case "whatIf":
      return message.whatIf === null;
    case "layers":
      return message.layers === null;
    case "layersFound":
      return message.found.value === null;
    default:
      return false;
  }
}
