import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Calls back whenever the size of an element changes, for as long as it is in the page. */
export class OnResize implements ReactiveController {
  readonly #host: HTMLElement;
  readonly #observer: ResizeObserver;

  constructor(host: ReactiveControllerHost & HTMLElement, changed: () => void) {
    this.#host = host;
    this.#observer = new ResizeObserver(changed);
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer.observe(this.#host);
  }

  hostDisconnected(): void {
    this.#observer.disconnect();
  }
}
