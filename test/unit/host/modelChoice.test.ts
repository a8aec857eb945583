import assert from "node:assert/strict";
import test from "node:test";
import { chooseModel, datasetOf } from "../../../src/host/modelChoice.ts";
import { manifestSchema } from "../../../src/protocol/manifest.ts";

const image = { name: "digits", path: "d/model.json", inputs: [{ kind: "image" }] };
const text = {
  name: "questions",
  path: "q/model.json",
  inputs: [{ kind: "text", tokenizer: { type: "words", vocabulary: "v.txt" } }],
};
const manifest = (models: unknown[], datasets: unknown[] = []) => manifestSchema.parse({ models, datasets });

test("the data set that lists the file names the model, also against the only one that fits", () => {
  const other = { ...image, name: "other" };
  const both = manifest([image, other], [{ name: "s", files: "scenes/*.png", model: "other" }]);
  const choice = chooseModel(both, "scenes/1.png", "image");
  assert.equal(choice.kind === "one" && choice.model.name, "other");
  assert.equal(choice.kind === "one" && choice.dataset?.name, "s");
  assert.equal(datasetOf(both, "else/1.png"), undefined);
});

test("without a data set, one model that can read the sample is taken and several are a question", () => {
  const choice = chooseModel(manifest([image, text]), "x/1.png", "image");
  assert.equal(choice.kind === "one" && choice.model.name, "digits");
  assert.equal(choice.kind === "one" ? choice.dataset : "none", undefined);
  const several = chooseModel(manifest([image, { ...image, name: "two" }]), "x/1.png", "image");
  assert.deepEqual(several.kind === "several" ? several.models.map((model) => model.name) : [], ["digits", "two"]);
});

test("a piece of text from a file of a data set is for the model of that, where it reads text", () => {
  const other = { ...text, name: "other" };
  const from = (model: string) =>
    chooseModel(manifest([image, text, other], [{ name: "s", files: "*.jsonl", model }]), "rows.jsonl", "text");
  const choice = from("other");
  assert.equal(choice.kind === "one" && choice.model.name, "other");
  assert.equal(from("digits").kind, "several");
});

test("a text is for text models, a row also for models of numbers, a tensor for any that is not held", () => {
  const numbers = { name: "n", path: "n.json", inputs: [{ kind: "tensor" }] };
  const held = { name: "h", path: "h.json", inputs: [{ kind: "tensor", hold: true }] };
  const nameOf = (models: unknown[], kind: "text" | "rows" | "tensor"): string => {
    const choice = chooseModel(manifest(models), undefined, kind);
    return choice.kind === "one" ? choice.model.name : choice.kind;
  };
  assert.equal(nameOf([image, text, numbers], "text"), "questions");
  assert.equal(nameOf([image, numbers], "rows"), "n");
  assert.equal(nameOf([image], "text"), "none");
  assert.equal(nameOf([held], "tensor"), "none");
  assert.equal(nameOf([], "rows"), "none");
});
