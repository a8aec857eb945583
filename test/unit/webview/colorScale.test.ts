import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  colorMapNames,
  colorScale,
  contrast,
  cssColor,
  lightness,
  parseHex,
  type ScaleTheme,
} from "../../../src/common/colorScale.ts";

const themes: readonly ScaleTheme[] = ["dark", "light", "high-contrast"];

test("each arm of each scale grows steadily lighter or darker towards its end", () => {
  for (const name of colorMapNames) {
    for (const theme of themes) {
      const scale = colorScale(name, theme);
      for (const sign of [-1, 1]) {
        const arm = Array.from({ length: 51 }, (_, index) => lightness(scale.at((sign * index) / 50)));
        const steps = arm.slice(1).map((value, index) => value - (arm[index] as number));
        const direction = Math.sign((arm.at(-1) as number) - (arm[0] as number));
        // berlin's arms start a little lighter than its middle; every other step goes one way.
        const wrong = steps.filter((step) => step * direction < -1e-9).length;
        assert.ok(wrong <= (name === "berlin" ? 10 : 0), `${name} ${theme} ${sign}: ${wrong} steps back`);
      }
    }
  }
});

test("the two arms of Pathlight's scale have the same lightness", () => {
  for (const theme of themes) {
    const scale = colorScale("pathlight", theme);
    for (const stop of [0.2, 0.4, 0.6, 0.8, 1]) {
      const difference = Math.abs(lightness(scale.at(stop)) - lightness(scale.at(-stop)));
      assert.ok(difference <= 1.5, `${theme} ±${stop}: ΔL* ${difference.toFixed(2)}`);
    }
  }
});

test("ends of the scale stand out from the background at least 9 to 1", () => {
  const backgrounds = { dark: "#1f1f1f", light: "#ffffff", "high-contrast": "#000000" } as const;
  for (const theme of themes) {
    const scale = colorScale("pathlight", theme);
    for (const end of [-1, 1]) assert.ok(contrast(scale.at(end), parseHex(backgrounds[theme])) >= 9, `${theme} ${end}`);
  }
});

test("text on any colour of any scale has a contrast of at least 4.5 to 1", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.constantFrom(...colorMapNames),
      fc.constantFrom(...themes),
      (value, name, theme) => {
        const scale = colorScale(name, theme);
        const painted = scale.at(value).map(Math.round) as [number, number, number];
        return contrast(painted, parseHex(scale.ink(value))) >= 4.5;
      },
    ),
    { seed: 7, numRuns: 2000 },
  );
});

test("the middle is the editor's background, and values outside are clamped", () => {
  const scale = colorScale("pathlight", "dark", [10, 20, 30]);
  assert.equal(scale.css(0), "rgb(10, 20, 30)");
  assert.equal(scale.css(7), scale.css(1));
  assert.equal(scale.css(-7), cssColor(parseHex("#b0d5ff")));
  // Blue is against, orange for: the blue channel leads on one side, the red one on the other.
  const against = scale.at(-0.7);
  const towards = scale.at(0.7);
  assert.ok(against[2] > against[0] && towards[0] > towards[2]);
});

test("known contrasts", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast([9, 9, 9], [9, 9, 9]), 1);
  assert.ok(Math.abs(lightness([119, 119, 119]) - 50.03) < 0.05);
});
