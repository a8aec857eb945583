import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");

/** What the linter says about each file of a scratch project with this project's rules: path to complaints about imports. */
function lint(sources: readonly (readonly [file: string, module: string])[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "pathlight-boundaries-"));
  try {
    copyFileSync(join(root, "biome.json"), join(folder, "biome.json"));
    for (const [index, [file, module]] of sources.entries()) {
      const path = join(folder, numbered(file, index));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `import * as it from "${module}";\n\nconsole.log(it);\n`);
    }
    const args = [biome, "lint", "--max-diagnostics=none", "--only=style/noRestrictedImports"];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    const complaints = (stdout + stderr).split(/^(?=\S+:\d+:\d+ lint)/m);
    assert.ok(/Checked \d+ files/.test(stdout + stderr), stdout + stderr);
    return sources.map(([file], index) => complaints.find((text) => text.startsWith(numbered(file, index))) ?? "");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function numbered(file: string, index: number): string {
  return file.replace(/\.ts$/, `${index}.ts`);
}

const forbidden: readonly (readonly [file: string, module: string, why: RegExp])[] = [
  ["src/host/view.ts", "../engine/port.ts", /host is user interface only/],
  ["src/host/deep/view.ts", "../../models/loadModel.ts", /host is user interface only/],
  ["src/host/view.ts", "../backend/index.ts", /host is user interface only/],
  ["src/host/view.ts", "@tensorflow/tfjs-core", /host is user interface only/],
  ["src/engine/rule.ts", "../models/loadModel.ts", /engine is pure mathematics/],
  ["src/engine/rule.ts", "../backend/index.ts", /engine is pure mathematics/],
  ["src/engine/rule.ts", "@tensorflow/tfjs-layers", /engine is pure mathematics/],
  ["src/engine/rule.ts", "@tensorflow/tfjs", /engine is pure mathematics/],
  ["src/engine/rule.ts", "node:fs", /engine is pure mathematics/],
  ["src/engine/rule.ts", "vscode", /Only src\/host may import vscode/],
  ["src/compute/main.ts", "vscode", /Only src\/host may import vscode/],
  ["src/cli/main.ts", "vscode", /Only src\/host may import vscode/],
  ["src/protocol/message.ts", "../engine/port.ts", /protocol is what crosses/],
  ["src/common/errors.ts", "../protocol/manifest.ts", /imports nothing of ours/],
  ["src/rpc/channel.ts", "../protocol/manifest.ts", /rpc carries any contract/],
  ["src/models/load.ts", "../backend/index.ts", /models turn formats/],
  ["src/samples/read.ts", "../engine/port.ts", /samples turn files/],
  ["src/backend/load.ts", "../engine/port.ts", /backend finds and loads/],
  ["src/compute/main.ts", "../host/panel.ts", /compute is the compute process/],
  ["src/cli/main.ts", "../host/panel.ts", /cli runs the engine/],
  ["webview-ui/view.ts", "../src/engine/port.ts", /sandboxed page/],
  ["webview-ui/view.ts", "vscode", /Only src\/host may import vscode/],
];

const allowed = [
  ["src/host/view.ts", "vscode"],
  ["src/extension.ts", "vscode"],
  ["src/host/view.ts", "../protocol/manifest.ts"],
  ["src/engine/rule.ts", "@tensorflow/tfjs-core"],
  ["src/engine/rule.ts", "../common/errors.ts"],
  ["src/models/load.ts", "../engine/port.ts"],
  ["src/compute/main.ts", "../engine/port.ts"],
  ["webview-ui/view.ts", "../src/protocol/manifest.ts"],
] as const;

const said = lint([...forbidden.map(([file, module]) => [file, module] as const), ...allowed]);

for (const [index, [file, module, why]] of forbidden.entries()) {
  test(`${file} may not import ${module}`, () => {
    assert.match(said[index] ?? "", why);
  });
}

for (const [index, [file, module]] of allowed.entries()) {
  test(`${file} may import ${module}`, () => {
    assert.equal(said[forbidden.length + index], "");
  });
}
