import assert from "node:assert/strict";
import test from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import { errorSentence, errorViewOf } from "../../../src/host/errorView.ts";
import { errorViewSchema } from "../../../src/protocol/errorView.ts";

test("an error shows its file once, and what was expected, found and to do", () => {
  const view = errorViewOf(
    new PathlightError("model-shard-missing", "/m/model.json: a weight file is missing.", {
      file: "/m/model.json",
      expected: "weights.bin",
      found: "no such file",
      whatToDo: "Put it beside the model.",
    }),
  );
  assert.deepEqual(view, {
    title: "A weight file is missing.",
    file: "/m/model.json",
    expected: "weights.bin",
    found: "no such file",
    whatToDo: "Put it beside the model.",
    code: "model-shard-missing",
  });
});

test("every error fits the panel's protocol and says what to do", () => {
  for (const thrown of [
    new PathlightError("compute-died", "The compute process ended."),
    new PathlightError("out-of-memory", ""),
    new PathlightError("backend-broken", "x"),
    new Error("a bug"),
    "a string",
    undefined,
  ]) {
    const view = errorViewOf(thrown);
    assert.equal(errorViewSchema.safeParse(view).success, true);
    assert.notEqual(view.whatToDo ?? "", "");
    assert.notEqual(view.title, "");
  }
});

test("the notification is whole sentences", () => {
  const error = new PathlightError("manifest-invalid", "The manifest has a mistake.", {
    found: 'line 16: Unknown property "chanels". Did you mean "channels"?',
    whatToDo: "Open the manifest.",
  });
  assert.equal(
    errorSentence(error),
    'The manifest has a mistake. Found line 16: Unknown property "chanels". Did you mean "channels"? Open the manifest.',
  );
});
