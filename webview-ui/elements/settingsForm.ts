import { html, nothing, type TemplateResult } from "lit";
import { type BaselineSpec, type Hold, methodSchema, type Settings } from "../../src/protocol/explain.ts";
import { formatSetting } from "../../src/protocol/format.ts";
import { type Link, linkSchema } from "../../src/protocol/manifest.ts";
import type { PanelState } from "../../src/protocol/panel.ts";
import { backendNames, linkName, methodNames } from "../model/words.ts";
import { icon, type Option, segmented, select } from "./controls.ts";
import { StoreElement } from "./storeElement.ts";

const TOLERANCES = [0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const EVALUATIONS = [64, 128, 256, 512, 1024, 2048, 4096];

function withCurrent(values: readonly number[], current: number, compare: (a: number, b: number) => number): number[] {
  return values.includes(current) ? [...values] : [...values, current].sort(compare);
}

function sameBaseline(a: BaselineSpec | undefined, b: BaselineSpec | null): boolean {
  if (a === undefined || b === null || a.kind !== b.kind) return false;
  if (a.kind === "name" && b.kind === "name") return a.name === b.name;
  if (a.kind === "value" && b.kind === "value") return a.value === b.value;
  if (a.kind === "text" && b.kind === "text") return a.text === b.text;
  if (a.kind === "stop-words" && b.kind === "stop-words") return a.list === b.list;
  return a.kind === "file" && b.kind === "file" && a.path === b.path;
}

/** Baseline, score, method, tolerance, most evaluations, backend; behind one row where the panel is narrow. */
class SettingsForm extends StoreElement {
  /** The state does not say which column is read: the first, until another is picked. */
  #column: { sample: string; id: string } | null = null;

  protected override render(): TemplateResult | typeof nothing {
    const { state, shown } = this.store;
    if (state === null) return nothing;
    const { settings, options } = state;
    const set = (change: Partial<Settings>): void => this.store.post({ type: "set", settings: change });
    const baseline = this.#baseline(state, shown?.explanation.baseline.spec, shown?.explanation.baseline.label);
    const open = this.store.view.settingsOpen;
    const links: readonly Option<Link>[] = options.links.flatMap(({ id, label, description }) => {
      const link = linkSchema.safeParse(id);
      return link.success ? [{ value: link.data, label, title: description }] : [];
    });
    const device = shown?.explanation.backend;
    const backends: readonly Option<Settings["backend"]>[] = options.backends.map((choice) => ({
      value: choice.preference,
      label:
        choice.preference === settings.backend && device !== undefined
          ? `${backendNames[device.name] ?? device.name} · ${device.device}`
          : choice.label,
      title: choice.preference === "auto" ? "Chosen automatically" : choice.description,
    }));
    const tolerances = withCurrent(TOLERANCES, settings.tolerance, (a, b) => b - a);
    const evaluations = withCurrent(EVALUATIONS, settings.maxEvaluations, (a, b) => a - b);
    const holdOptions: Option<Hold | "">[] = [
      // What the model's entry in pathlight.json says.
      ...(settings.hold === undefined ? [{ value: "" as const, label: "Default" }] : []),
      { value: "nothing", label: "Nothing" },
      { value: "padding", label: "Padding" },
      { value: "special", label: "Special tokens and padding" },
    ];
    const number = (value: number, text: string): Option<string> => ({ value: String(value), label: text });
    return html`
      <button class="select narrow-only summary" aria-expanded=${open ? "true" : "false"} aria-controls="settings"
        @click=${() => this.store.setView({ settingsOpen: !open })}>
        <span><span class="dim">Settings</span> ${baseline.current} · ${settings.target.kind === "expression" ? "Expression" : (links.find(({ value }) => value === settings.link)?.label ?? linkName(settings.link))} · ${formatSetting(settings.tolerance)}</span>
        ${icon(open ? "chevron-up" : "chevron-down")}
      </button>
      <section class="form ${open ? "" : "wide-only"}" id="settings" aria-label="Settings">
        <div><label for="s-baseline">Baseline (compared with)</label>
          ${select("s-baseline", "Baseline, compared with", baseline.options, baseline.value, (id) => {
            const choice = options.baselines.find((candidate) => candidate.id === id);
            if (choice === undefined) return;
            if (choice.spec === null) {
              const what = choice.id === "text" || choice.id === "stop-words" ? choice.id : null;
              this.store.post(what === null ? { type: "chooseBaselineFile" } : { type: "chooseTextBaseline", what });
            } else set({ baseline: choice.spec });
          })}</div>
        <div><span class="label">Score explained</span>
          ${
            settings.target.kind === "expression"
              ? html`<span class="given-score dim" title="An expression says itself what it is of: logit[…], probability[…]">As the expression says</span>`
              : segmented("Score explained", links, settings.link, (link) => set({ link }), "fill")
          }</div>
        <div><label for="s-method">Method</label>
          ${select(
            "s-method",
            "Method",
            methodSchema.options.map((value) => ({ value, label: methodNames[value] })),
            settings.method,
            (method) => set({ method }),
          )}</div>
        ${
          state.sampleKind === "text"
            ? html`<div><label for="s-hold">Kept as in the sample</label>
              ${select(
                "s-hold",
                "Tokens that the baseline keeps as in the sample",
                holdOptions,
                settings.hold ?? "",
                (hold) => {
                  if (hold !== "") set({ hold });
                },
              )}</div>`
            : nothing
        }
        <div><label for="s-tolerance">Tolerance</label>
          ${select(
            "s-tolerance",
            "Tolerance",
            tolerances.map((value) => number(value, formatSetting(value))),
            String(settings.tolerance),
            (value) => set({ tolerance: Number(value) }),
          )}</div>
        <div><label for="s-evaluations">Most evaluations</label>
          ${select(
            "s-evaluations",
            "Most evaluations",
            evaluations.map((value) => number(value, String(value))),
            String(settings.maxEvaluations),
            (value) => set({ maxEvaluations: Number(value) }),
          )}</div>
        <div><label for="s-backend">Computed on</label>
          ${select("s-backend", "Computed on", backends, settings.backend, (backend) => set({ backend }))}</div>
        ${
          options.columns.length > 1
            ? html`<div><label for="s-column">Text column</label>
              ${select(
                "s-column",
                "Text column",
                options.columns.map(({ id, label }) => ({ value: id, label })),
                this.#column?.sample === state.sampleTitle ? this.#column.id : (options.columns[0]?.id ?? ""),
                (id) => {
                  this.#column = { sample: state.sampleTitle, id };
                  this.store.post({ type: "setColumn", column: id });
                },
              )}</div>`
            : nothing
        }
      </section>`;
  }

  #baseline(
    state: PanelState,
    shownSpec: BaselineSpec | undefined,
    shownLabel: string | undefined,
  ): { options: readonly Option<string>[]; value: string; current: string } {
    const wanted = state.settings.baseline ?? shownSpec;
    const choices: Option<string>[] = state.options.baselines.map(({ id, label, description }) => ({
      value: id,
      label,
      title: description,
    }));
    const known = state.options.baselines.find(({ spec }) => sameBaseline(wanted, spec));
    if (known !== undefined) return { options: choices, value: known.id, current: known.label };
    // A number or a file of one's own: shown as it is, at the top.
    const label =
      wanted?.kind === "file"
        ? (wanted.path.split(/[\\/]/).at(-1) ?? wanted.path)
        : wanted?.kind === "value"
          ? `Every value ${wanted.value}`
          : (shownLabel ?? "Default");
    return { options: [{ value: "", label }, ...choices], value: "", current: label };
  }
}
customElements.define("pl-settings", SettingsForm);
