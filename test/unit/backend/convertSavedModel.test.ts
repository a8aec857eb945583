import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { convertSavedModel } from "../../../src/backend/index.ts";
import { findTensorFlowPython } from "../../../src/backend/tensorflow/findTensorFlowPython.ts";
import { type ErrorCode, PathlightError } from "../../../src/common/errors.ts";
import { fakePython, folderWith, withEnvironment } from "./support.ts";

const fixture = new URL("../../fixtures/savedModel", import.meta.url).pathname;
const source = join(fixture, "source");

function said(code: ErrorCode, pattern: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof PathlightError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(`${error.message} ${Object.values(error.details).join(" ")}`, pattern);
    assert.ok(error.details.whatToDo !== undefined);
    return true;
  };
}

/** A Python that has TensorFlow and, when it is given the script, does what `body` says; `$3` is the folder to write into. */
function converting(t: TestContext, body: string): { folder: string; python: string; out: string } {
  const folder = folderWith(t, {});
  const python = join(folder, "python");
  const answer = JSON.stringify({ executable: python, python: "3.11.0", folder: "/tf", version: "2.21.0" });
  writeFileSync(python, `#!/bin/sh\nif [ "$1" = "-c" ]; then echo '${answer}'; exit 0; fi\n${body}\n`, { mode: 0o755 });
  return { folder, python, out: join(folder, "out") };
}

const done = JSON.stringify({
  done: { signature: "serving_default", inputs: ["x"], outputs: ["y"], nodes: 3, weightBytes: 8, tensorflow: "2.21.0" },
});

test("without TensorFlow in Python the error says which were asked and the exact command", async (t) => {
  const folder = folderWith(t, { "bin/python": fakePython(null, null) });
  await assert.rejects(
    convertSavedModel(source, join(folder, "out"), { python: join(folder, "bin/python") }),
    said(
      "backend-unavailable",
      /\/fake\/python \(Python 3\.11\.0\) has no tensorflow package.*`\/fake\/python -m pip install tensorflow`/s,
    ),
  );
  await assert.rejects(
    convertSavedModel(source, join(folder, "out"), { python: join(folder, "no-such-python") }),
    said("backend-unavailable", /cannot be started.*pip install tensorflow/s),
  );
  assert.equal(existsSync(join(folder, "out")), false);
});

test("PATHLIGHT_PYTHON is asked, as for the backend", async (t) => {
  const { python } = converting(t, "exit 1");
  withEnvironment(t, { PATHLIGHT_PYTHON: python });
  assert.deepEqual(await findTensorFlowPython(), { python, version: "2.21.0" });
});

test("what the script refuses becomes one error with its own words, and nothing is written", async (t) => {
  const refusal = JSON.stringify({
    error: { message: "The SavedModel uses a custom op.", found: "Fancy", whatToDo: "Export it." },
  });
  const { python, out, folder } = converting(
    t,
    `echo 'a line of another library'; echo '{"stage": "Reading"}'; touch "$3/half"; echo '${refusal}'; exit 1`,
  );
  const stages: string[] = [];
  await assert.rejects(
    convertSavedModel(source, out, { python, onProgress: (stage) => stages.push(stage) }),
    said("model-invalid", /custom op.*Export it.*Fancy/s),
  );
  assert.deepEqual(stages, ["Reading"]);
  assert.deepEqual(readdirSync(folder), ["python"]);
});

test("a script that crashes is told with the last line that it left", async (t) => {
  const { python, out } = converting(t, "echo 'Traceback' >&2; echo 'MemoryError: too large' >&2; exit 1");
  await assert.rejects(
    convertSavedModel(source, out, { python }),
    said("model-invalid", /without a result.*MemoryError/s),
  );
});

test("a cancel ends the script and leaves nothing", async (t) => {
  const { python, out, folder } = converting(t, `echo '{"stage": "Reading"}'; touch "$3/half"; exec sleep 600`);
  const abort = new AbortController();
  const started = performance.now();
  await assert.rejects(
    convertSavedModel(source, out, { python, signal: abort.signal, onProgress: () => abort.abort() }),
    (error) => error instanceof PathlightError && error.code === "cancelled",
  );
  assert.ok(performance.now() - started < 300_000, "it was not waited for");
  assert.deepEqual(readdirSync(folder), ["python"]);
});

test("an earlier conversion is replaced, what was put beside it stays, and a folder with anything else is left alone", async (t) => {
  const written = `echo '{"convertedBy": "Pathlight"}' > "$3/model.json"; echo x > "$3/group1-shard1of1.bin"; echo '${done}'`;
  const { python, out, folder } = converting(t, written);
  const model = join(folder, "saved");
  cpSync(source, model, { recursive: true });
  writeFileSync(join(model, "labels.txt"), "a\nb\n");
  mkdirSync(join(model, "assets"), { recursive: true });
  writeFileSync(join(model, "assets", "vocab.txt"), "[PAD]\n");
  const first = await convertSavedModel(model, out, { python });
  assert.equal(first.file, join(out, "model.json"));
  assert.deepEqual(readdirSync(out).sort(), ["group1-shard1of1.bin", "labels.txt", "model.json", "vocab.txt"]);
  writeFileSync(join(out, "labels.txt"), "mine");
  writeFileSync(join(out, "group1-shard1of2.bin"), "of an earlier conversion");
  await convertSavedModel(model, out, { python });
  assert.equal(readFileSync(join(out, "labels.txt"), "utf8"), "mine");
  assert.deepEqual(readdirSync(out).sort(), ["group1-shard1of1.bin", "labels.txt", "model.json", "vocab.txt"]);
  writeFileSync(join(out, "model.json"), '{"format": "graph-model"}');
  await assert.rejects(convertSavedModel(model, out, { python }), said("usage", /something else.*somebody else/s));
  rmSync(join(out, "model.json"));
  await assert.rejects(convertSavedModel(model, out, { python }), said("usage", /something else.*group1/s));
  await assert.rejects(convertSavedModel(model, python, { python }), said("usage", /something else/s));
  await assert.rejects(
    convertSavedModel(folder, join(folder, "x"), { python }),
    said("model-not-found", /saved_model\.pb/),
  );
});

const real = await findTensorFlowPython().catch(() => undefined);
// Where this machine has TensorFlow in a Python, the script itself is tried; its result is tested in any case, as a fixture.
if (real !== undefined) {
  const { python } = real;

  test("with a real TensorFlow the fixture comes out as it was committed", async (t) => {
    const out = join(folderWith(t, {}), "out");
    const conversion = await convertSavedModel(source, out, { python });
    assert.deepEqual(conversion.inputs, ["extra", "image"]);
    const read = (folder: string) => JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
    const [now, then] = [read(out), read(join(fixture, "converted"))];
    assert.deepEqual(now.signature, then.signature);
    assert.deepEqual(
      now.modelTopology.node.map((node: { op: string }) => node.op).sort(),
      then.modelTopology.node.map((node: { op: string }) => node.op).sort(),
    );
  });

  test("broken folders, custom ops and unknown signatures are refused by name", { timeout: 300_000 }, async (t) => {
    const copy = (change: (folder: string) => void): string => {
      const folder = join(folderWith(t, {}), "model");
      cpSync(source, folder, { recursive: true });
      change(folder);
      return folder;
    };
    const refused = async (folder: string, pattern: RegExp, signature?: string): Promise<void> => {
      const out = `${folder}-tfjs`;
      await assert.rejects(convertSavedModel(folder, out, { python, signature }), said("model-invalid", pattern));
      assert.equal(existsSync(out), false);
    };
    await refused(
      copy((folder) => truncateSync(join(folder, "saved_model.pb"), 4000)),
      /cannot read/,
    );
    await refused(
      copy((folder) => rmSync(join(folder, "variables"), { recursive: true })),
      /cannot read.*variables/s,
    );
    await refused(source, /no signature of this name.*serving_default.*nothing/s, "nothing");
    const custom = copy((folder) => {
      const file = join(folder, "saved_model.pb");
      writeFileSync(file, Buffer.from(readFileSync(file, "latin1").replaceAll("\x07Softmax", "\x07Fancier"), "latin1"));
    });
    await refused(custom, /custom op.*Fancier/s);
  });
}
