import assert from "node:assert/strict";
import test from "node:test";
import * as format from "../../../src/protocol/format.ts";

const NARROW = "\u202f";

test("scores have three significant digits, a true minus and never a negative zero", () => {
  assert.equal(format.formatScore(7.5512), "7.55");
  assert.equal(format.formatScore(-0.1504), "\u22120.150");
  assert.equal(format.formatScore(-0), "0");
  assert.equal(format.formatScore(1234.5), "1235");
  assert.equal(format.formatScore(1e-9), "1.00e-9");
});

test("signed values carry their sign", () => {
  assert.equal(format.formatSigned(6.432), "+6.43");
  assert.equal(format.formatSigned(-6.432), "\u22126.43");
  assert.equal(format.formatSigned(0), "0");
});

test("percentages end at >100 % and <0.01 %", () => {
  assert.equal(format.formatPercent(0.0094), `0.9${NARROW}%`);
  assert.equal(format.formatPercent(0.61), `61${NARROW}%`);
  assert.equal(format.formatPercent(2), `>${NARROW}100${NARROW}%`);
  assert.equal(format.formatPercent(0.00001), `<${NARROW}0.01${NARROW}%`);
  assert.equal(format.formatPercent(0), `0${NARROW}%`);
});

test("shares may pass 100 %", () => {
  assert.equal(format.formatShare(-0.2951), `\u221229.5${NARROW}%`);
  assert.equal(format.formatShare(2.5), `250${NARROW}%`);
});

test("probabilities near the ends are not rounded to them", () => {
  assert.equal(format.formatProbability(0.99995), `>${NARROW}99.9${NARROW}%`);
  assert.equal(format.formatProbability(1), `100.0${NARROW}%`);
  assert.equal(format.formatProbability(0.0002), `<${NARROW}0.1${NARROW}%`);
});

test("a number of a table stands as the table has it, single precision and all", () => {
  const given = [146, 0.81, -11, 0, -0, 1e-9, 123456.7, 16777216].map((value) =>
    format.formatGiven(Math.fround(value)),
  );
  assert.deepEqual(given, ["146", "0.81", "\u221211", "0", "0", "1e-9", "123456.7", "16777216"]);
});
