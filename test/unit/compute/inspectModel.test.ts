import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { memory } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import type { ExplainEvent } from "../../../src/protocol/compute.ts";
import { type InspectedInput, inspectionSchema } from "../../../src/protocol/inspection.ts";
import { inputWords } from "../../../src/protocol/inspectionWords.ts";
import { modelSchema } from "../../../src/protocol/manifest.ts";

const fixtures = path.resolve(import.meta.dirname, "../../fixtures");
const digits = path.join(fixtures, "oracle/digits/model");
const text = path.join(fixtures, "oracle/text/model");
let service: ExplainService;
let folder: string;

before(async () => {
  service = new ExplainService();
  folder = await mkdtemp(path.join(tmpdir(), "pathlight-inspect-"));
});
after(async () => {
  await service.dispose();
  await rm(folder, { recursive: true, force: true });
});

test("what an inspection says of a model agrees with itself, and looking leaves no tensor", async () => {
  await service.inspect({ path: digits }, "wasm");
  const before = memory().numTensors;
  const found = inspectionSchema.parse(await service.inspect({ path: digits }, "wasm"));
  assert.equal(memory().numTensors, before);
  const ids = new Set(found.nodes.map(({ id }) => id));
  for (const { id, logit } of found.outputs) assert.ok(ids.has(id) && ids.has(logit ?? ""));
  assert.equal(found.parameterCount, 13_706);
  assert.equal(
    found.nodes.reduce((sum, node) => sum + (node.parameters ?? 0), 0),
    found.parameterCount,
  );
  assert.deepEqual([found.gradientsUntried, found.problem, found.task], [null, null, "classification"]);
  assert.ok(found.nodes.every(({ noGradient, unsupported }) => noGradient !== true && unsupported !== true));
});

test("token ids without a tokenizer are told as such, with the embedding that is explained", async () => {
  const { inputs } = await service.inspect({ path: text }, "wasm");
  assert.deepEqual(
    inputs.map(({ kind, explained, embeddings }) => [
      kind,
      explained,
      embeddings.map(({ vocabularySize }) => vocabularySize),
    ]),
    [["tensor", true, [40]]],
  );
});

test("what an entry says comes before what is inferred: a byte tokenizer, and no notes of guesses", async () => {
  const tokenizer = { type: "bytes" as const };
  const entry = modelSchema.parse({ name: "bytes", path: text, inputs: [{ kind: "text", tokenizer }] });
  const { inputs, inferred } = await service.inspect({ path: text, entry, baseFolder: folder }, "wasm");
  assert.deepEqual([inputs[0]?.kind, inputs[0]?.bytes, inferred?.notes], ["text", true, []]);
  assert.match(inputWords(inputs[0] as InspectedInput), /^bytes of a file or text, explained in the output/);
});

test("a model that cannot be built is described by its file, and one without a structure ends with the error of loading", async () => {
  const broken = path.join(folder, "broken");
  await cp(digits, broken, { recursive: true });
  await rm(path.join(broken, "weights.bin"));
  const found = inspectionSchema.parse(await service.inspect({ path: broken }, "wasm"));
  assert.equal(found.problem?.code, "model-shard-missing");
  assert.equal(found.fingerprint, null);
  assert.deepEqual(
    found.files.map(({ bytes }) => bytes === null),
    [false, true],
  );
  assert.ok(found.nodes.length > 5);
  assert.deepEqual(
    found.inputs.map(({ explained }) => explained),
    [null],
  );
  await writeFile(
    path.join(broken, "model.json"),
    (await readFile(path.join(broken, "model.json"), "utf8")).slice(0, 500),
  );
  await assert.rejects(
    service.inspect({ path: broken }, "wasm"),
    (error) => error instanceof PathlightError && error.code === "model-invalid",
  );
});

test("an inspection that is cancelled ends as cancelled", async () => {
  await assert.rejects(
    service.inspect({ path: digits }, "wasm", { signal: AbortSignal.abort() }),
    (error) => error instanceof PathlightError && error.code === "cancelled",
  );
});

test("opening a model tells all of its files, so that they can be watched", async () => {
  const events: ExplainEvent[] = [];
  await service.openModel({ path: digits }, "wasm", { emit: (event) => events.push(event) });
  const files = events.flatMap((event) => (event.type === "model" ? event.files : []));
  assert.deepEqual(files, [path.join(digits, "model.json"), path.join(digits, "weights.bin")]);
});
