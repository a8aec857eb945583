import type { ModelInfo } from "../protocol/compute.ts";
import type { Settings } from "../protocol/explain.ts";
import type { PanelState, Shown } from "../protocol/panel.ts";
import { panelOptions } from "./panelRequest.ts";
import type { PanelServices } from "./panelServices.ts";
import type { Subject } from "./subject.ts";

const none: PanelState["options"] = { baselines: [], backends: [], links: [], columns: [] };

/** What is read once for a subject and kept: its picture, its model's description, and what the panel's fields offer. */
export class SubjectFacts {
  readonly #subject: Subject;
  readonly #services: PanelServices;
  readonly #wanted: () => Settings;
  readonly #onChange: () => void;
  #picture: Promise<Shown["picture"]> | undefined;
  #info: ModelInfo | undefined;
  #options = none;

  constructor(subject: Subject, services: PanelServices, wanted: () => Settings, onChange: () => void) {
    this.#subject = subject;
    this.#services = services;
    this.#wanted = wanted;
    this.#onChange = onChange;
    void this.#loadOptions();
  }

  get options(): PanelState["options"] {
    return this.#options;
  }

  /** All files of the model, once it has been loaded. */
  get modelFiles(): readonly string[] {
    return this.#info?.files ?? [];
  }

  /** The original picture; null for what is no picture, and when it cannot be read, which the run reports. */
  picture(): Promise<Shown["picture"]> {
    const { sample, kind } = this.#subject.sample;
    if (kind !== "image") return Promise.resolve(null);
    this.#picture ??= this.#services.picture(sample).catch((error: unknown) => {
      this.#services.log.error("Picture", error);
      this.#picture = undefined;
      return null;
    });
    return this.#picture;
  }

  /** The file changed: what was read from it no longer holds. */
  forget(what: "sample" | "model"): void {
    if (what === "sample") this.#picture = undefined;
    else this.#info = undefined;
  }

  /** What only the loaded model can tell, asked for when the map is there. */
  async loadInfo(): Promise<void> {
    if (this.#info !== undefined) return;
    const { backend } = this.#wanted();
    try {
      this.#info = await this.#services.compute.call("inspectModel", { model: this.#subject.model.ref, backend });
      await this.#loadOptions();
    } catch (error) {
      this.#services.log.error("Model", error);
    }
  }

  async #loadOptions(): Promise<void> {
    this.#options = await panelOptions(this.#subject, this.#info, this.#wanted());
    this.#onChange();
  }
}
