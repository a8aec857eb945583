import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { ScoreTerm } from "../../../src/common/scoreTerm.ts";
import { ExpressionError } from "../../../src/protocol/expression/expressionError.ts";
import { parseExpression } from "../../../src/protocol/expression/parse.ts";
import { type ResolvedExpression, resolveExpression } from "../../../src/protocol/expression/resolve.ts";
import type { ExpressionScope, Shape } from "../../../src/protocol/expression/scope.ts";

const shapes: Readonly<Record<string, Shape>> = {
  "model/probs": [3],
  "model/logits": [3],
  a: [4],
  b: [4],
  c: [5],
  price: [1],
  "last hidden state": [6, 4],
  tokens: [6, 4],
};

const scope: ExpressionScope = {
  head: { output: "model/probs", logit: "model/logits", probability: "softmax", applied: true, position: null },
  labels: ["human", "entity", 'o"clock'],
  predicted: 1,
  runnerUp: 0,
  outputs: ["model/probs", "a", "b", "c", "price", "tokens"],
  shapeOf: (node) => shapes[node],
  positionWeights: (nodes, count) => (nodes.includes("tokens") && count === 6 ? [0.5, 0.5, 0, 0, 0, 0] : null),
};

function resolved(source: string, within = scope): ResolvedExpression {
  return resolveExpression(parseExpression(source), within);
}

function failure(source: string, within = scope): ExpressionError {
  try {
    resolved(source, within);
  } catch (error) {
    assert.ok(error instanceof ExpressionError, String(error));
    assert.equal(error.code, "target-invalid");
    return error;
  }
  throw new assert.AssertionError({ message: `accepted ${source}` });
}

const logit: ScoreTerm = { kind: "node", node: "model/logits" };
const at = (of: ScoreTerm, ...index: number[]): ScoreTerm => ({ kind: "at", of, index });

test("predictions and labels become indices, and are printed as the labels that they stand for", () => {
  const margin: ScoreTerm = { kind: "binary", operator: "-", left: at(logit, 1), right: at(logit, 0) };
  for (const source of [
    "predicted - runner_up",
    "logit[predicted] − logit[runner_up]",
    'logit["entity"] - logit["human"]',
    "logit['entity']-logit[0]",
    "(logit[1]) - (logit[0])",
  ]) {
    const { term, text, readsLabels } = resolved(source);
    assert.deepEqual(term, margin, source);
    assert.equal(text, 'logit["entity"] − logit["human"]');
    assert.ok(readsLabels);
  }
  assert.equal(resolved(`logit["o\\"clock"]`).text, 'logit["o\\"clock"]');
});

test("operators bind as in arithmetic, to the left", () => {
  const source = "logit[0] - logit[1] - 2 * price / -3 + 1";
  const { text } = resolved(source);
  assert.equal(text, 'logit["human"] − logit["entity"] − 2 × price ÷ (−3) + 1');
  assert.deepEqual(resolved(text).term, resolved(source).term);
  assert.equal(resolved("logit[0] - (logit[1] - 2)").text, 'logit["human"] − (logit["entity"] − 2)');
  assert.equal(resolved("(logit[0] + 1) × 2").text, '(logit["human"] + 1) × 2');
  assert.equal(resolved("-(logit[0] + 1)").text, '−(logit["human"] + 1)');
});

test("what stands behind the logits is what the model has, or what the task says", () => {
  assert.deepEqual(resolved("probability[2]").term, at({ kind: "node", node: "model/probs" }, 2));
  const bare = { ...scope, head: { ...scope.head, applied: false } };
  assert.deepEqual(resolved("probability[2]", bare).term, at({ kind: "call", call: "softmax", args: [logit] }, 2));
  assert.match(
    failure("probability[2]", { ...scope, head: { ...scope.head, probability: null, applied: false } }).message,
    /no probability/,
  );
});

test("outputs, inner nodes and functions of vectors", () => {
  const nodes = (a: string, b: string): ScoreTerm[] => [
    { kind: "node", node: a },
    { kind: "node", node: b },
  ];
  assert.deepEqual(resolved("cosine(a, b)").term, { kind: "call", call: "cosine", args: nodes("a", "b") });
  assert.deepEqual(
    resolved('node("last hidden state")[2, 3]').term,
    at({ kind: "node", node: "last hidden state" }, 2, 3),
  );
  assert.deepEqual(resolved("dot(tokens[0], a)").term, {
    kind: "call",
    call: "dot",
    args: [at({ kind: "node", node: "tokens" }, 0), { kind: "node", node: "a" }],
  });
  assert.deepEqual(resolved("norm(mean(tokens))").term, {
    kind: "call",
    call: "norm",
    args: [{ kind: "weighted", of: { kind: "node", node: "tokens" }, weights: [0.5, 0.5, 0, 0, 0, 0] }],
  });
  assert.deepEqual(resolved("price").term, at({ kind: "node", node: "price" }, 0), "a single value needs no index");
  assert.deepEqual(resolved("2 - price").term, {
    kind: "binary",
    operator: "-",
    left: { kind: "number", value: 2 },
    right: at({ kind: "node", node: "price" }, 0),
  });
});

test("what is wrong is said with its place and what was expected", () => {
  const cases: readonly [string, RegExp, string | RegExp][] = [
    ["", /is empty/, ""],
    ["logit[0] -", /breaks off/, ""],
    ["logit[0", /breaks off/, ""],
    ["logit[0] logit[1]", /logit does not belong here, at character 10/, "logit"],
    ["logit[human]", /human does not belong here/, "human"],
    ["logit[1.5]", /1\.5 does not belong here/, "1.5"],
    ["logit[0] ? 1", /"\?" means nothing/, "?"],
    ['logit["human]', /quote is not closed/, '"human]'],
    ["logit[3]", /no place 3/, "3"],
    ['logit["humn"]', /no label "humn"/, '"humn"'],
    ['a["human"]', /values of a have no labels/, '"human"'],
    ["a[predicted]", /predicted does not apply to a/, "predicted"],
    ["logit[0][1]", /no axis to choose from/, "1"],
    ["a[0, 1]", /no further axis/, "1"],
    ["dense_7", /no output "dense_7"/, "dense_7"],
    ['node("dense_7")', /no output or node "dense_7"/, '"dense_7"'],
    ["predicted - runner-up", /no output "runner"/, "runner"],
    ["cosin(a, b)", /no function "cosin"/, "cosin"],
    ["cosine(a)", /takes two arguments/, "cosine(a)"],
    ["norm(a, b)", /takes one argument/, "norm(a, b)"],
    ["cosine(a, c)", /two vectors of one length/, "cosine(a, c)"],
    ["cosine(tokens, a)", /cosine needs a vector/, "cosine(tokens, a)"],
    ["softmax(logit[0])", /softmax needs a vector/, "softmax(logit[0])"],
    ["a - c", /shapes of a and c do not fit/, "a - c"],
    ["a", /several numbers/, "a"],
    ["logit", /several numbers/, "logit"],
    ["1 + 2", /a constant/, "1 + 2"],
    ["logit[0] / 0", /divides by zero/, "0"],
    ['"human"', /stands by itself/, '"human"'],
    [`${"(".repeat(80)}1`, /nested too deeply/, "("],
    [`${"1+".repeat(2000)}1`, /too long/, /1\+1/],
  ];
  for (const [source, message, place] of cases) {
    const error = failure(source);
    assert.match(error.message, message, source);
    const found = source.slice(error.start, error.end);
    if (typeof place === "string") assert.equal(found, place, source);
    else assert.match(found, place);
    assert.ok(error.details.expected !== undefined || error.details.found !== undefined, source);
  }
  assert.match(failure('logit["humn"]').details.whatToDo ?? "", /Did you mean "human"/);
  assert.match(failure("predicted - runner-up").details.whatToDo ?? "", /runner_up/);
  assert.match(failure("logit[human]").details.whatToDo ?? "", /\["human"\]/);
  assert.match(failure("cosine(tokens, a)").details.whatToDo ?? "", /mean\(tokens\) or tokens\[0\]/);
  assert.match(failure('logit["human"]', { ...scope, labels: null }).message, /no labels/);
  const one = { ...scope, runnerUp: null, shapeOf: () => [1] };
  assert.match(failure("predicted - runner_up", one).message, /no runner-up/);
});

test("an unknown shape is let through", () => {
  const open: ExpressionScope = { ...scope, shapeOf: () => null };
  assert.doesNotThrow(() => resolved("cosine(a, c) + logit[17]", open));
});

/** Random expressions that fit. */
const expressions = fc.letrec((tie) => ({
  number: fc.oneof(
    fc.constantFrom(
      "logit[0]",
      'logit["entity"]',
      "predicted",
      "runner_up",
      "price",
      "probability[2]",
      "a[3]",
      "7",
      "0.25",
    ),
    fc
      .tuple(tie("number"), fc.constantFrom("+", "-", "*", "/"), tie("number"))
      .map(([l, o, r]) => `(${l} ${o} (${r}))`),
    fc.tuple(tie("number"), fc.constantFrom(" + ", " - "), tie("number")).map((parts) => parts.join("")),
    fc.tuple(fc.constantFrom("cosine", "dot"), tie("vector"), tie("vector")).map(([f, l, r]) => `${f}(${l}, ${r})`),
    fc.tuple(fc.constantFrom("norm", "sum", "mean"), tie("vector")).map(([f, v]) => `${f}(${v})`),
    tie("number").map((each) => `-(${each})`),
  ),
  vector: fc.oneof(
    fc.constantFrom("a", "b", "mean(tokens)", "tokens[2]", 'node("last hidden state")[1]'),
    fc.tuple(tie("vector"), fc.constantFrom("+", "-", "*"), tie("vector")).map(([l, o, r]) => `(${l} ${o} ${r})`),
    fc.tuple(fc.constantFrom("softmax", "sigmoid", "exp", "abs"), tie("vector")).map(([f, v]) => `${f}(${v})`),
    fc.tuple(tie("number"), tie("vector")).map(([n, v]) => `((${n}) * ${v})`),
  ),
}));

test("what is printed reads back as the same", () => {
  fc.assert(
    fc.property(expressions.number, (source) => {
      let first: ResolvedExpression;
      try {
        first = resolved(String(source));
      } catch (error) {
        // Constants, and expressions that grow too long.
        assert.ok(error instanceof ExpressionError && /constant|long|zero|deep/.test(error.message), String(error));
        return;
      }
      fc.pre(first.text.length <= 2000);
      const again = resolved(first.text);
      assert.deepEqual(again.term, first.term, `${source} reads ${first.text}`);
      assert.equal(again.text, first.text);
    }),
    { numRuns: 300 },
  );
});

test("no text makes the reader fail in any other way", () => {
  const alphabet = fc.constantFrom(..."abc01.[]()+-*/,\"' _", "logit", "predicted", "cosine(", "“", "\\", "😀", "−");
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 40 }), (parts) => {
      try {
        resolved(parts.join(""));
      } catch (error) {
        assert.ok(error instanceof ExpressionError, String(error));
        assert.ok(error.start >= 0 && error.start <= error.end && error.end <= parts.join("").length);
      }
    }),
    { numRuns: 2000 },
  );
});
