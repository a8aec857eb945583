import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { baselineChoices, baselineOfEntry, withCurrent } from "../../../src/host/baselineChoices.ts";
import { modelSchema } from "../../../src/protocol/manifest.ts";

test("token baselines are offered only where the vocabulary has the token", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "pathlight-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, "lines.txt"), "[PAD]\n[UNK]\nwho\n");
  writeFileSync(path.join(folder, "map.json"), JSON.stringify({ "[PAD]": 0, "[MASK]": 1 }));
  const choicesFor = async (vocabulary: string) => {
    const inputs = [{ kind: "text", tokenizer: { type: "words", vocabulary } }];
    const choices = await baselineChoices(modelSchema.parse({ name: "m", path: "m.json", inputs }), folder);
    return choices.map((choice) => choice.id);
  };
  const rest = ["mean-embedding", "text", "stop-words"];
  assert.deepEqual(await choicesFor("lines.txt"), ["zero-embedding", "pad", "unknown", ...rest]);
  assert.deepEqual(await choicesFor("map.json"), ["zero-embedding", "pad", "mask", ...rest]);
  assert.deepEqual(await choicesFor("missing.txt"), ["zero-embedding", ...rest]);
});

test("the manifest's baseline becomes a request's, files made absolute", () => {
  assert.deepEqual(baselineOfEntry("grey", "/w"), { kind: "name", name: "grey" });
  assert.deepEqual(baselineOfEntry(0.5, "/w"), { kind: "value", value: 0.5 });
  assert.deepEqual(baselineOfEntry("b.npy", "/w"), { kind: "file", path: path.resolve("/w/b.npy") });
  assert.equal(baselineOfEntry(undefined, "/w"), undefined);
});

test("the baseline in use is always among the choices, once", async () => {
  const inputs = [{ kind: "image" }];
  const choices = await baselineChoices(modelSchema.parse({ name: "m", path: "m.json", inputs }), undefined);
  assert.equal(withCurrent(choices, { kind: "name", name: "black" }).length, choices.length);
  assert.equal(withCurrent(choices, { kind: "file", path: "/w/b.png" })[0]?.label, "b.png");
  assert.equal(withCurrent(choices, undefined).length, choices.length);
});
