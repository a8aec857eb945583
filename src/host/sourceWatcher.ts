import * as path from "node:path";
import * as vscode from "vscode";
import { DisposableStore } from "../common/disposable.ts";
import { type Subject, samplePath } from "./subject.ts";

/** A training script writes a model in several files; they count as one change when this long has passed without another. */
const QUIET_MS = 600;

type OnChange = (what: "sample" | "model", gone: boolean) => void;

/** Tells when the sample or a file of the model changes or goes away on disk. */
export class SourceWatcher implements vscode.Disposable {
  readonly #store = new DisposableStore();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #watched = new Set<string>();
  readonly #onChange: OnChange;

  constructor(subject: Pick<Subject, "sample"> | undefined, model: string, onChange: OnChange) {
    this.#onChange = onChange;
    const sample = subject === undefined ? undefined : samplePath(subject.sample.sample);
    if (sample !== undefined) this.#watch(sample, "sample");
    this.watchModel([model]);
  }

  /** Watches all files of the model, once it has been loaded and they are known: shards, external data, any format. */
  watchModel(files: readonly string[]): void {
    for (const file of files) this.#watch(file, "model");
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#store.dispose();
  }

  #watch(file: string, what: "sample" | "model"): void {
    const key = `${what}:${file}`;
    if (this.#watched.has(key)) return;
    this.#watched.add(key);
    const folder = vscode.Uri.file(path.dirname(file));
    const pattern = new vscode.RelativePattern(folder, escapeGlob(path.basename(file)));
    const watcher = this.#store.add(vscode.workspace.createFileSystemWatcher(pattern));
    const notice = (gone: boolean) => (): void => {
      clearTimeout(this.#timers.get(what));
      // A file that is replaced goes away for a moment; what holds at the end counts.
      this.#timers.set(
        what,
        setTimeout(() => this.#onChange(what, gone), QUIET_MS),
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
