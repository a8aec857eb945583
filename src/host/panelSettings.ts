import type { ExplainRequest } from "../protocol/explain.ts";
import { type Settings, settingsSchema } from "../protocol/explain.ts";
import type { Explanation } from "../protocol/explanation.ts";
import type { SettingsChange } from "../protocol/panel.ts";
import { initialSettings, requestFor } from "./panelRequest.ts";
import type { Subject } from "./subject.ts";

/** What a change of the settings asks for: another grain, the same path further, or another question. */
export type SettingsStep = "none" | "regrain" | "continue" | "explain";

/** The settings of one panel. */
export class PanelSettings {
  #value: Settings = initialSettings(undefined);

  get value(): Settings {
    return this.#value;
  }

  request(subject: Subject | undefined): ExplainRequest | undefined {
    return subject === undefined ? undefined : requestFor(subject, this.#value);
  }

  replace(settings: Settings): void {
    this.#value = settings;
  }

  change(change: SettingsChange): SettingsStep {
    const before = this.#value;
    this.#value = settingsSchema.parse({ ...before, ...change });
    const keys = Object.keys(change).filter((key) => {
      const name = key as keyof Settings;
      return JSON.stringify(before[name]) !== JSON.stringify(this.#value[name]);
    });
    if (keys.length === 0) return "none";
    if (keys.every((key) => key === "grain") && this.#value.grain !== undefined) return "regrain";
    // A goal moves the end of the same path; everything else asks another question.
    return keys.every((key) => key === "tolerance" || key === "maxEvaluations") ? "continue" : "explain";
  }

  setGrain(grain: number): void {
    this.#value = { ...this.#value, grain };
  }

  /** A goal beyond what `done` has reached; with `tolerance` that one. */
  aimHigher(done: Explanation | undefined, tolerance: number | undefined): void {
    const { maxEvaluations } = this.#value;
    // A run that stopped at its budget needs a larger one, else refining would end where it stands.
    const spent = done?.status === "budget" || (done !== undefined && done.evaluations * 2 > maxEvaluations);
    this.#value = {
      ...this.#value,
      tolerance: tolerance ?? this.#value.tolerance,
      maxEvaluations: spent ? Math.max(maxEvaluations, (done?.evaluations ?? 0) * 4) : maxEvaluations,
    };
  }
}
