import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import type { BackendOptions } from "../../../src/backend/backendInfo.ts";
import type { PlaceFinding } from "../../../src/backend/tensorflow/candidate.ts";
import { libraryNames } from "../../../src/backend/tensorflow/libraryFile.ts";
import { searchTensorFlow } from "../../../src/backend/tensorflow/search.ts";
import { fakePython, folderWith, withEnvironment } from "./support.ts";

const library = libraryNames()?.c ?? "";

async function findings(options: BackendOptions): Promise<PlaceFinding[]> {
  const list: PlaceFinding[] = [];
  for await (const finding of searchTensorFlow(options)) list.push(finding);
  return list;
}

test("the search goes from the setting over Python and the download to tfjs-node", async (context) => {
  const folder = folderWith(context, {
    [`named/${library}`]: "",
    [`site-packages/tensorflow/${library}`]: "",
    [`cache/tensorflow-2.9.1/tensorflow/${library}`]: "",
    [`cache/tensorflow-2.21.0/tensorflow/${library}`]: "",
    "app/node_modules/@tensorflow/tfjs-node/package.json": "{}",
    "app/node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node": "",
    "app/node_modules/@tensorflow/tfjs-node/deps/lib/libtensorflow.so.2": "",
    "app/package.json": "{}",
  });
  const python = join(
    folderWith(context, { "bin/python": fakePython(join(folder, "site-packages/tensorflow"), "2.20.0") }),
    "bin/python",
  );
  withEnvironment(context, { PATHLIGHT_TENSORFLOW: join(folder, "named"), PATHLIGHT_PYTHON: undefined });
  const found = (await findings({ python, cacheFolder: join(folder, "cache"), nodeFolders: [join(folder, "app")] }))
    .filter(({ candidate }) => candidate !== undefined)
    .map(({ candidate }) => [candidate?.place, candidate?.folder, candidate?.version]);
  assert.deepEqual(found, [
    ["setting", join(folder, "named"), undefined],
    ["python", join(folder, "site-packages/tensorflow"), "2.20.0"],
    // The newest download first, by number and not by letter.
    ["download", join(folder, "cache/tensorflow-2.21.0/tensorflow"), "2.21.0"],
    ["download", join(folder, "cache/tensorflow-2.9.1/tensorflow"), "2.9.1"],
    ["tfjs-node", join(folder, "app/node_modules/@tensorflow/tfjs-node/deps/lib"), undefined],
  ]);
});

test("an option stands above the environment", async (context) => {
  const folder = folderWith(context, { [`one/${library}`]: "", [`two/${library}`]: "" });
  withEnvironment(context, { PATHLIGHT_TENSORFLOW: join(folder, "one") });
  const [first] = await findings({
    tensorflowPath: join(folder, "two"),
    python: "/nowhere/python",
    cacheFolder: folder,
  });
  assert.equal(first?.candidate?.folder, join(folder, "two"));
  assert.equal(first?.candidate?.origin, "setting");
});

test("a folder may be the library's own, site-packages, or a package's parent", async (context) => {
  const folder = folderWith(context, {
    [`site/tensorflow/${library}`]: "",
    "site/tensorflow_cpu-2.19.1.dist-info/METADATA": "",
    [`c/lib/${library}`]: "",
  });
  withEnvironment(context, { PATHLIGHT_TENSORFLOW: undefined });
  const common = { python: "/nowhere/python", cacheFolder: folder };
  const [site] = await findings({ ...common, tensorflowPath: join(folder, "site") });
  assert.equal(site?.candidate?.folder, join(folder, "site/tensorflow"));
  assert.equal(site?.candidate?.version, "2.19.1");
  const [c] = await findings({ ...common, tensorflowPath: join(folder, "c") });
  assert.equal(c?.candidate?.folder, join(folder, "c/lib"));
});

test("every place that has nothing says why", async (context) => {
  const folder = folderWith(context, { "empty/readme": "", "app/package.json": "{}" });
  const python = join(folderWith(context, { "bin/python": fakePython(null, null) }), "bin/python");
  withEnvironment(context, { PATHLIGHT_TENSORFLOW: undefined });
  const options = {
    tensorflowPath: join(folder, "empty"),
    python,
    cacheFolder: join(folder, "none"),
    nodeFolders: [join(folder, "app")],
  };
  const missing = new Map((await findings(options)).map((finding) => [finding.place, finding]));
  assert.match(missing.get("setting")?.missing ?? "", new RegExp(`no ${library.replaceAll(".", "\\.")}`));
  assert.match(missing.get("python")?.missing ?? "", /Python 3\.11\.0 has no tensorflow/);
  assert.match(missing.get("download")?.missing ?? "", /nothing has been downloaded/);
  assert.ok(missing.get("tfjs-node")?.missing !== undefined);
});

test("a Python that does not start or talks nonsense is a reason, not a crash", async (context) => {
  const folder = folderWith(context, {
    "bin/chatty": "#!/bin/sh\necho hello\n",
    "bin/failing": "#!/bin/sh\necho boom >&2; exit 3\n",
  });
  withEnvironment(context, { PATHLIGHT_TENSORFLOW: undefined });
  const reason = async (python: string) =>
    (await findings({ python, cacheFolder: folder })).find(({ place }) => place === "python")?.missing ?? "";
  assert.match(await reason(join(folder, "bin/chatty")), /something else/);
  assert.match(await reason(join(folder, "bin/failing")), /boom/);
  assert.match(await reason(join(folder, "bin/absent")), /cannot be started/);
});
