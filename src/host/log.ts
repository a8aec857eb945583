import * as vscode from "vscode";
import { errorLine, toPathlightError } from "../common/errors.ts";

/** Pathlight's output channel, opened at the first line. */
export class Log implements vscode.Disposable {
  #channel: vscode.LogOutputChannel | undefined;

  get #open(): vscode.LogOutputChannel {
    this.#channel ??= vscode.window.createOutputChannel("Pathlight", { log: true });
    return this.#channel;
  }

  info(message: string): void {
    this.#open.info(message);
  }

  error(what: string, thrown: unknown): void {
    const error = toPathlightError(thrown);
    const stack = error.cause instanceof Error ? error.cause.stack : error.stack;
    this.#open.error(`${what}: [${error.code}] ${errorLine(error)}\n${stack ?? ""}`);
  }

  show(): void {
    this.#open.show(true);
  }

  dispose(): void {
    this.#channel?.dispose();
  }
}
