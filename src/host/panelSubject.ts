import type * as vscode from "vscode";
import type { Settings } from "../protocol/explain.ts";
import type { PanelState, Shown } from "../protocol/panel.ts";
import type { PanelServices } from "./panelServices.ts";
import { SourceWatcher } from "./sourceWatcher.ts";
import type { Subject } from "./subject.ts";
import { SubjectFacts } from "./subjectFacts.ts";

const noOptions: PanelState["options"] = { baselines: [], backends: [], links: [], columns: [] };

interface Listeners {
  /** The sample or the model changed on disk, or is gone. */
  onSourceChange(what: "sample" | "model", gone: boolean): void;
  /** What the panel's fields offer changed. */
  onOptions(): void;
}

/** What a panel is about: its sample and model, what is known of them, and the watch over their files. */
export class PanelSubject implements vscode.Disposable {
  readonly #services: PanelServices;
  readonly #wanted: () => Settings;
  readonly #listeners: Listeners;
  #subject: Subject | undefined;
  #watcher: SourceWatcher | undefined;
  #facts: SubjectFacts | undefined;

  constructor(services: PanelServices, wanted: () => Settings, listeners: Listeners) {
    this.#services = services;
    this.#wanted = wanted;
    this.#listeners = listeners;
  }

  get value(): Subject | undefined {
    return this.#subject;
  }

  get options(): PanelState["options"] {
    return this.#facts?.options ?? noOptions;
  }

  /** Another sample or model: its files are watched from now on. */
  turnTo(subject: Subject): void {
    this.#subject = subject;
    this.#watcher?.dispose();
    this.#watcher = new SourceWatcher(subject, subject.model.ref.path, (what, gone) =>
      this.#listeners.onSourceChange(what, gone),
    );
    this.follow(subject);
  }

  /** The same files, read in another way. */
  follow(subject: Subject): void {
    this.#subject = subject;
    this.#facts = new SubjectFacts(subject, this.#services, this.#wanted, () => {
      this.watchModel(this.#facts?.modelFiles ?? []);
      this.#listeners.onOptions();
    });
  }

  watchModel(files: readonly string[]): void {
    this.#watcher?.watchModel(files);
  }

  /** The original picture; null for what is none. */
  async picture(): Promise<Shown["picture"]> {
    return (await this.#facts?.picture()) ?? null;
  }

  forget(what: "sample" | "model"): void {
    this.#facts?.forget(what);
  }

  loadInfo(): void {
    void this.#facts?.loadInfo();
  }

  dispose(): void {
    this.#watcher?.dispose();
  }
}
