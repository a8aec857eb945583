/** Each spec is a bundle of its own, so what they share lies with the process. */
const KEY = Symbol.for("pathlight.tests.measured");

type Holder = { [KEY]?: Record<string, number> };

/** Figures taken down so far. */
export function measured(): Record<string, number> {
  const holder = globalThis as Holder;
  holder[KEY] ??= {};
  return holder[KEY];
}

/** Takes down a figure that is to be read in the test's output. */
export function measure(name: string, figure: number): void {
  measured()[name] = figure;
}
