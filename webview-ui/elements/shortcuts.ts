import type { PanelStore } from "../model/panelStore.ts";

/** What the view in the Attribution tab can be told by keys. */
interface ReadableView extends HTMLElement {
  /** +1: next strongest, −1: the one before, 0: the strongest. */
  step(by: -1 | 0 | 1): void;
  cycleGrain(): void;
  cycleSign?(): void;
}

/** What patches are marked on, in the Layers tab. */
interface PatchField extends HTMLElement {
  startPatch(): void;
}

function readableView(panel: HTMLElement): ReadableView | null {
  return panel.querySelector<ReadableView>("pl-image-view, pl-text-view, pl-tensor-view");
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input[type=text], input[type=search], select, textarea");
}

/** Moves the focus to the next band (or the one before) that has something to focus. */
function nextBand(panel: HTMLElement, by: 1 | -1): void {
  const bands = [...panel.querySelectorAll<HTMLElement>("[data-band]")];
  const current = bands.findIndex((band) => band.contains(document.activeElement));
  for (let step = 1; step <= bands.length; step++) {
    const at = (current < 0 ? (by > 0 ? step - 1 : bands.length - step) : current + by * step) + 2 * bands.length;
    const band = bands[at % bands.length];
    const candidates =
      band?.querySelectorAll<HTMLElement>("button, select, input, [tabindex='0'], canvas[tabindex]") ?? [];
    const target =
      [...candidates].find(
        (element) => element.tabIndex >= 0 && element.offsetParent !== null && !element.matches(":disabled"),
      ) ?? [...candidates].find((element) => element instanceof SVGElement);
    if (target !== undefined) {
      target.focus();
      return;
    }
  }
}

/** Shortcuts of the whole panel; they rest while somebody types. */
export function onShortcut(event: KeyboardEvent, store: PanelStore, panel: HTMLElement): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "F6") {
    event.preventDefault();
    nextBand(panel, event.shiftKey ? -1 : 1);
    return;
  }
  const busy = store.state?.phase === "running" || store.state?.phase === "loading";
  if (event.key === "Escape" && busy) {
    event.preventDefault();
    store.post({ type: "cancel" });
    return;
  }
  if (event.key === "Escape" && store.state !== null && store.state.auditing !== null) {
    event.preventDefault();
    store.post({ type: "cancelAudit" });
    return;
  }
  if (event.key === "Escape" && store.whatIf?.busy === true) {
    event.preventDefault();
    store.post({ type: "cancelWhatIf" });
    return;
  }
  if (event.key === "Escape" && (store.layers.state?.busy.length ?? 0) > 0) {
    event.preventDefault();
    store.post({ type: "cancelLayers" });
    return;
  }
  if (isTyping(event.target)) return;
  // Home moves a slider to its start.
  if (event.key === "Home" && event.target instanceof HTMLInputElement) return;
  const view = readableView(panel);
  const patches = panel.querySelector<PatchField>("pl-patch-picture, pl-item-patches");
  const hide = (by: number): void => {
    const text = view?.localName === "pl-image-view" ? "threshold" : "textThreshold";
    const value = Math.round(Math.max(0, Math.min(0.6, store.view[text] + by)) * 100) / 100;
    store.setView({ [text]: value });
  };
  const actions: Readonly<Record<string, () => void>> = {
    n: () => view?.step(1),
    p: () => view?.step(-1),
    Home: () => view?.step(0),
    s: () => view?.cycleSign?.(),
    g: () => view?.cycleGrain(),
    r: () => patches?.startPatch(),
    t: () => store.setView({ table: !store.view.table }),
    "[": () => hide(0.02),
    "]": () => hide(-0.02),
    "?": () => panel.dispatchEvent(new CustomEvent("pl-keys")),
  };
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const key = event.key.toLowerCase();
  const isMeant = key === "r" ? patches !== null : view !== null || key === "?" || key === "t";
  if (action === undefined || !isMeant) return;
  event.preventDefault();
  action();
}
