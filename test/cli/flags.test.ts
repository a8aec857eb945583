import assert from "node:assert/strict";
import test from "node:test";
import { type ExplainFlags, readExplainFlags } from "../../src/cli/explainFlags.ts";
import { PathlightError } from "../../src/common/errors.ts";

const needed = ["--model", "m/model.json", "--input", "x.npy", "--out", "out"];

function flags(...extra: string[]): ExplainFlags {
  return readExplainFlags([...needed, ...extra]);
}

function failure(...args: string[]): PathlightError {
  try {
    readExplainFlags(args);
  } catch (error) {
    assert.ok(error instanceof PathlightError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: `accepted ${args.join(" ")}` });
}

test("the least that is needed leaves everything else open", () => {
  const { model, inputs, out, json, convert, prefix, pairs, ...rest } = flags();
  assert.deepEqual(
    { model, inputs, out, json, convert, prefix, pairs },
    { model: "m/model.json", inputs: ["x.npy"], out: "out", json: false, convert: false, prefix: false, pairs: false },
  );
  const { texts, columns, ...single } = rest;
  assert.deepEqual([texts, columns], [[], []]);
  assert.ok(Object.values(single).every((value) => value === undefined));
});

test("every option of the contract is read", () => {
  const read = flags(
    ...["--manifest", "pathlight.json", "--input", "mask=y.npy", "--row", "4", "--column", "q", "--target", "3"],
    ...[
      "--output",
      "probs",
      "--link",
      "softmax",
      "--baseline",
      "0.5",
      "--method",
      "input-x-gradient",
      "--from",
      "conv1",
    ],
    ...["--rule", "gauss-legendre", "--steps", "64", "--tolerance", "0.02", "--grain", "4"],
    ...["--max-evaluations", "99", "--backend", "wasm", "--threads", "3", "--fail-above", "5%", "--json", "--convert"],
    ...["--position", "7", "--prefix", "--hold", "special", "--pairs", "--windows", "7"],
  );
  assert.deepEqual(read, {
    model: "m/model.json",
    manifest: "pathlight.json",
    convert: true,
    inputs: ["x.npy", "mask=y.npy"],
    texts: [],
    row: 4,
    columns: ["q"],
    hold: "special",
    long: { kind: "windows", overlap: 7 },
    target: { kind: "index", index: 3, position: 7 },
    output: "probs",
    link: "softmax",
    baseline: "0.5",
    method: "input-x-gradient",
    from: "conv1",
    rule: "gauss-legendre",
    steps: 64,
    tolerance: 0.02,
    grain: 4,
    maxEvaluations: 99,
    backend: "wasm",
    prefix: true,
    pairs: true,
    threads: 3,
    failAbove: 0.05,
    out: "out",
    json: true,
  });
});

test("values may be joined by an equals sign, and negative numbers need none", () => {
  assert.equal(flags("--baseline", "-1").baseline, "-1");
  assert.equal(flags("--baseline=-0.5").baseline, "-0.5");
  assert.equal(flags("--baseline", "-.5").baseline, "-.5");
  assert.deepEqual(flags("--target=digit 3").target, { kind: "label", label: "digit 3" });
});

test("windows may have an overlap, or be off", () => {
  assert.deepEqual(flags("--windows").long, { kind: "windows" });
  assert.deepEqual(flags("--windows", "--json").long, { kind: "windows" });
  assert.deepEqual(flags("--windows", "64", "--json").long, { kind: "windows", overlap: 64 });
  assert.deepEqual(flags("--windows=0").long, { kind: "windows", overlap: 0 });
  assert.deepEqual(flags("--windows", "off").long, { kind: "cut" });
  assert.match(failure(...needed, "--windows", "6.5").details.expected ?? "", /whole number from 0/);
  assert.match(failure(...needed, "--windows", "many").message, /Unexpected word "many"/);
  assert.match(failure(...needed, "--windows", "1", "2").message, /Unexpected word "2"/);
  assert.match(failure(...needed, "--windows", "--windows", "2").message, /twice/);
});

test("a target expression is read in place of a target, and its mistakes are found at once", () => {
  const expression = 'logit["human"] - logit[2]';
  assert.deepEqual(flags("--target-expression", expression).target, { kind: "expression", expression });
  assert.match(
    failure(...needed, "--target-expression", "1 + 1", "--target", "3").message,
    /--target are given together/,
  );
  const linked = failure(...needed, "--target-expression", expression, "--link", "softmax");
  assert.match(linked.details.whatToDo ?? "", /probability/);
  const broken = failure(...needed, "--target-expression", "cosine(a, b");
  assert.equal(broken.code, "target-invalid");
  assert.match(broken.details.expected ?? "", /closing parenthesis/);
  assert.equal(failure(...needed, "--target-expression", "").code, "target-invalid");
});

test("an unknown option is named, with the one that was meant", () => {
  const error = failure(...needed, "--tolerence", "0.1");
  assert.equal(error.code, "usage");
  assert.match(error.message, /--tolerence/);
  assert.equal(error.details.whatToDo, "Did you mean --tolerance?");
  assert.match(failure(...needed, "--max-eval", "9").details.whatToDo ?? "", /--max-evaluations\?/);
  assert.match(failure(...needed, "--colour").message, /--colour/);
  assert.match(failure(...needed, "-x").message, /-x/);
});

test("what is missing, superfluous or repeated is an error that names the option", () => {
  const cases: [string[], RegExp][] = [
    [["--input", "x.npy", "--out", "o"], /--model/],
    [["--model", "m", "--input", "x.npy"], /--out/],
    [["--model", "m", "--out", "o"], /sample/],
    [[...needed, "--target"], /--target needs a value/],
    [[...needed, "--target", "--json"], /--target needs a value/],
    [[...needed, "--json=yes"], /--json takes no value/],
    [[...needed, "--link", "logit", "--link", "softmax"], /--link is given twice/],
    [[...needed, "stray"], /stray/],
  ];
  for (const [args, message] of cases) {
    const error = failure(...args);
    assert.equal(error.code, "usage", args.join(" "));
    assert.match(error.message, message);
  }
});

test("a value that does not fit says what would", () => {
  const cases: [string, string, RegExp][] = [
    ["row", "-1", /from 0/],
    ["row", "1.5", /whole number/],
    ["target", "-1", /from 0/],
    ["link", "softmx", /logit, softmax, sigmoid/],
    ["method", "ig", /integrated-gradients/],
    ["rule", "simpson", /gauss-legendre/],
    ["steps", "0", /from 1/],
    ["tolerance", "0", /above 0/],
    ["tolerance", "1", /below 1/],
    ["tolerance", "NaN", /fraction/],
    ["tolerance", "", /fraction/],
    ["grain", "0", /from 1/],
    ["max-evaluations", "many", /whole number/],
    ["backend", "gpu", /tensorflow, wasm, cpu/],
    ["threads", "many", /whole number from 0 to 64/],
    ["fail-above", "-0.1", /at least 0/],
  ];
  for (const [option, value, expected] of cases) {
    const error = failure(...needed, `--${option}=${value}`);
    assert.equal(error.code, "usage", option);
    assert.match(error.message, new RegExp(`--${option}`));
    assert.match(error.details.expected ?? "", expected, option);
    assert.match(error.details.found ?? "", new RegExp(`"${value}"`));
  }
  assert.equal(failure(...needed, "--link", "softmx").details.whatToDo, "Did you mean softmax?");
});
