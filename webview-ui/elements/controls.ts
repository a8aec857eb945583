import { html, nothing, type TemplateResult } from "lit";
import { selectedValue } from "./selectedValue.ts";

/** Small controls that several bands share. */

export function icon(name: string, extra = ""): TemplateResult {
  return html`<i class="codicon codicon-${name} ${extra}" aria-hidden="true"></i>`;
}

export interface Option<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly title?: string | undefined;
  readonly disabled?: boolean;
}

/** Moves by arrows inside a group that has one tab stop; returns the new index or null. */
export function movedIndex(key: string, index: number, count: number): number | null {
  switch (key) {
    case "ArrowRight":
    case "ArrowDown":
      return (index + 1) % count;
    case "ArrowLeft":
    case "ArrowUp":
      return (index - 1 + count) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}

/** Focuses the nth element of a group that the event came from. */
function focusInGroup(event: KeyboardEvent, selector: string, index: number): void {
  const group = (event.currentTarget as HTMLElement).closest("[data-group]") ?? (event.currentTarget as HTMLElement);
  group.querySelectorAll<HTMLElement>(selector)[index]?.focus();
}

export function segmented<T extends string>(
  label: string,
  options: readonly Option<T>[],
  value: T,
  pick: (value: T) => void,
  extra = "",
): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    const index = options.findIndex((option) => option.value === value);
    const next = movedIndex(event.key, index, options.length);
    const option = next === null ? undefined : options[next];
    if (next === null || option === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    pick(option.value);
    focusInGroup(event, "[role=radio]", next);
  };
  return html`<div class="segmented ${extra}" role="radiogroup" aria-label=${label} data-group @keydown=${onKey}>
    ${options.map(
      (option) => html`<button
        role="radio"
        data-value=${option.value}
        title=${option.title ?? nothing}
        aria-checked=${option.value === value ? "true" : "false"}
        tabindex=${option.value === value ? 0 : -1}
        @click=${() => pick(option.value)}
      >${option.label}</button>`,
    )}
  </div>`;
}

export function checkbox(label: string, checked: boolean, set: (on: boolean) => void, title?: string): TemplateResult {
  return html`<label class="check" title=${title ?? nothing}>
    <input
      type="checkbox"
      .checked=${checked}
      @change=${(event: Event) => set((event.target as HTMLInputElement).checked)}
    /><span class="box">${icon("check")}</span>${label}
  </label>`;
}

/** A native list: role, keys and screen-reader words come with it. */
export function select<T extends string>(
  id: string,
  label: string,
  options: readonly Option<T>[],
  value: T,
  pick: (value: T) => void,
  extra = "",
): TemplateResult {
  return html`<span class="select ${extra}">
    <select
      id=${id}
      aria-label=${label}
      ${selectedValue(value)}
      @change=${(event: Event) => {
        const field = event.target as HTMLSelectElement;
        const option = options[field.selectedIndex];
        // What is shown follows the state, which may refuse or need a file first.
        field.value = value;
        if (option !== undefined) pick(option.value);
      }}
    >
      ${options.map(
        (option) => html`<option
          value=${option.value}
          title=${option.title ?? nothing}
          ?selected=${option.value === value}
          ?disabled=${option.disabled === true}
        >${option.label}</option>`,
      )}
    </select>${icon("chevron-down")}
  </span>`;
}

export function slider(
  label: string,
  spoken: string,
  value: number,
  max: number,
  set: (value: number) => void,
): TemplateResult {
  const percent = Math.round(value * 100);
  return html`<label class="slider"><span>${label}</span>
    <input
      type="range"
      min="0"
      max=${Math.round(max * 100)}
      step="1"
      .value=${String(percent)}
      aria-label=${spoken}
      aria-valuetext="${percent} percent"
      @input=${(event: Event) => set(Number((event.target as HTMLInputElement).value) / 100)}
    /><output>${percent}\u202f%</output></label>`;
}
