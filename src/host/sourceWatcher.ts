import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../common/disposable.ts";
import { type Subject, samplePath } from "./subject.ts";

/** A training script writes a model in several files; they count as one change when this long has passed without another. */
const QUIET_MS = 600;

/** Tells when the sample or a file of the model changes or goes away on disk. */
export class SourceWatcher implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(subject: Subject, onChange: (what: "sample" | "model", gone: boolean) => void) {
    const sample = samplePath(subject.sample.sample);
    if (sample !== undefined) {
      this.#watch(path.dirname(sample), escapeGlob(path.basename(sample)), "sample", onChange);
    }
    const model = subject.model.ref.path;
    this.#watch(path.dirname(model), `{${escapeGlob(path.basename(model))},*.bin}`, "model", onChange);
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#store.dispose();
  }

  #watch(
    folder: string,
    pattern: string,
    what: "sample" | "model",
    onChange: (what: "sample" | "model", gone: boolean) => void,
  ): void {
    const watcher = this.#store.add(
      vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(folder), pattern)),
    );
    const notice = (gone: boolean) => (): void => {
      clearTimeout(this.#timers.get(what));
      // A file that is replaced goes away for a moment; what holds at the end counts.
      this.#timers.set(
        what,
        setTimeout(() => onChange(what, gone), QUIET_MS),
      );
    };
    this.#store.add(watcher.onDidChange(notice(false)));
    this.#store.add(watcher.onDidCreate(notice(false)));
    this.#store.add(watcher.onDidDelete(notice(true)));
  }
}

/** Brackets of a file name would be read as a glob. */
function escapeGlob(name: string): string {
  return name.replaceAll(/[[\]{}*?]/g, (character) => `[${character}]`);
}
