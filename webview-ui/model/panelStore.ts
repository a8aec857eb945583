import type { Comparison, HostToPanel, PanelState, PanelToHost, Shown, WhatIfState } from "../../src/protocol/panel.ts";
import { type LayersKnown, nothingKnown, withFound } from "./layersKnown.ts";
import { forOtherSample, type LayersView } from "./layersView.ts";
import { type Picture, PictureCache } from "./picture.ts";
import { restoreViewState, type ViewState } from "./viewState.ts";

/** What stands on the other side: the extension host, or nobody in a report. */
interface PanelHost {
  post(message: PanelToHost): void;
  keep(view: ViewState): void;
}

/** Everything the panel shows, in one place. Elements listen for `change` and draw themselves from it. */
export class PanelStore extends EventTarget {
  readonly readOnly: boolean;
  state: PanelState | null = null;
  shown: Shown | null = null;
  /** The map belongs to the settings before a change. */
  dimmed = false;
  comparison: Comparison | null = null;
  /** Edits of the text that is shown. */
  whatIf: WhatIfState | null = null;
  /** What is known of the inside of the network. */
  layers: LayersKnown = nothingKnown;
  view: ViewState;
  picture: Picture | null = null;
  /** Pictures of the two maps that are compared. */
  comparedPictures: readonly [Picture | null, Picture | null] = [null, null];
  /** `performance.now()` at which `state.running` arrived. */
  runningSince = 0;
  /** Band that was asked for and has not been focused yet. */
  wantedFocus: "settings-baseline" | "map" | "history" | null = null;
  /** Run whose banner was closed. */
  dismissed: string | null = null;
  readonly #host: PanelHost;
  readonly #pictures = new PictureCache();
  #shownVersion = 0;

  constructor(host: PanelHost, kept: unknown, readOnly = false) {
    super();
    this.#host = host;
    this.view = restoreViewState(kept);
    this.readOnly = readOnly;
  }

  post(message: PanelToHost): void {
    if (!this.readOnly) this.#host.post(message);
  }

  setView(change: Partial<ViewState>): void {
    this.view = { ...this.view, ...change };
    this.#host.keep(this.view);
    this.changed();
  }

  setLayers(change: Partial<LayersView>): void {
    this.setView({ layers: { ...this.view.layers, ...change } });
  }

  changed(): void {
    this.dispatchEvent(new Event("change"));
  }

  receive(message: HostToPanel): void {
    switch (message.type) {
      case "state":
        this.state = message.state;
        this.runningSince = performance.now();
        this.#dropUnknownChoices();
        this.changed();
        return;
      case "shown":
        this.#show(message.shown, message.dimmed);
        return;
      case "comparison":
        this.#compare(message.comparison);
        return;
      case "whatIf":
        this.whatIf = message.whatIf;
        this.changed();
        return;
      case "layers":
        this.layers = { ...this.layers, state: message.layers };
        this.changed();
        return;
      case "layersFound":
        this.layers = withFound(this.layers, message.found);
        this.changed();
        return;
      case "focus":
        this.wantedFocus = message.band;
        if (message.band === "history") this.setView({ tab: "history" });
        else if (message.band === "map") this.setView({ tab: "attribution" });
        else this.setView({ settingsOpen: true });
        return;
      case "capture":
        // Answered by the entry, which can draw.
        return;
    }
  }

  #show(shown: Shown | null, dimmed: boolean): void {
    const before = this.shown?.explanation;
    this.shown = shown;
    this.dimmed = dimmed;
    if (shown !== null && before !== undefined && before.sample.title !== shown.explanation.sample.title) {
      // Another sample: where the reader was has no meaning there.
      this.view = {
        ...this.view,
        selected: null,
        selectedIndex: null,
        matrixCell: null,
        zoom: { scale: 1, x: 0.5, y: 0.5 },
        layers: forOtherSample(this.view.layers),
      };
    }
    const version = ++this.#shownVersion;
    const later = this.#pictures.load(shown?.picture ?? null);
    if (later instanceof Promise) {
      this.changed();
      later.then(
        (picture) => {
          if (version !== this.#shownVersion) return;
          this.picture = picture;
          this.changed();
        },
        (error: unknown) => this.report(error),
      );
    } else {
      this.picture = later;
      this.changed();
    }
  }

  #compare(comparison: Comparison | null): void {
    this.comparison = comparison;
    this.comparedPictures = [null, null];
    this.changed();
    if (comparison === null) return;
    const load = async (shown: Shown): Promise<Picture | null> => new PictureCache().load(shown.picture);
    Promise.all([load(comparison.left), load(comparison.right)]).then(
      (pictures) => {
        if (this.comparison !== comparison) return;
        this.comparedPictures = pictures;
        this.changed();
      },
      (error: unknown) => this.report(error),
    );
  }

  /** Something went wrong inside the panel: the host logs it. */
  report(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    this.post(stack === undefined ? { type: "panelError", message } : { type: "panelError", message, stack });
  }

  #dropUnknownChoices(): void {
    const known = new Set(this.state?.history.map((item) => item.id));
    const chosen = this.view.chosen.filter((id) => known.has(id));
    if (chosen.length !== this.view.chosen.length) this.view = { ...this.view, chosen };
  }
}
