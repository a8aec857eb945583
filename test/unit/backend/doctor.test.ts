import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { doctor, formatDoctor } from "../../../src/backend/index.ts";
import { libraryNames } from "../../../src/backend/tensorflow/libraryFile.ts";
import { fakePython, folderWith, withEnvironment } from "./support.ts";

test("the doctor lists every place, what is wrong there, and the commands that help", async (context) => {
  const library = libraryNames()?.c ?? "";
  const folder = folderWith(context, {
    [`tf/${library}`]: "not a library, only text",
    "app/package.json": "{}",
    "bin/python": fakePython(null, null),
  });
  withEnvironment(context, { PATHLIGHT_TENSORFLOW: undefined });
  const report = await doctor({
    tensorflowPath: join(folder, "tf"),
    python: join(folder, "bin/python"),
    cacheFolder: join(folder, "cache"),
    nodeFolders: [join(folder, "app")],
  });
  assert.equal(report.chosen, "wasm");
  const statuses = new Map(report.places.map(({ place, status }) => [place, status]));
  assert.equal(statuses.get("setting"), "broken");
  assert.equal(statuses.get("python"), "missing");
  assert.equal(statuses.get("download"), "missing");
  assert.equal(report.pip, null);
  const commands = report.fixes.map(({ command }) => command);
  assert.ok(
    commands.some((command) => command.includes("pip install --target") && command.includes(join(folder, "cache"))),
    commands.join("\n"),
  );
  assert.ok(
    commands.some((command) => command.includes("python3-pip")),
    commands.join("\n"),
  );

  const text = formatDoctor(report);
  assert.match(text, /computes with WebAssembly/);
  assert.ok(text.includes(join(folder, "tf", library)), text);
  for (const command of commands) assert.ok(text.includes(command), command);
});

test("where TensorFlow loads, the doctor names its version and folder and asks for nothing", async () => {
  const report = await doctor();
  const used = report.places.find(({ status }) => status === "usable");
  assert.equal(report.chosen, used === undefined ? "wasm" : "tensorflow");
  const text = formatDoctor(report);
  if (used === undefined) assert.ok(report.fixes.length > 0);
  else {
    assert.match(used.version ?? "", /^\d+\.\d+/);
    assert.ok(text.includes(`TensorFlow ${used.version}`) && text.includes(used.folder ?? "?"), text);
    assert.ok(!report.fixes.some(({ command }) => command.includes("pip install")));
  }
});
