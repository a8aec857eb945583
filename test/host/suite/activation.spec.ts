import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as vscode from "vscode";
import { commandIds } from "../../../src/host/commandIds.ts";
import { measure } from "./measured.ts";
import { extension } from "./support.ts";

/** What must not be in the process that the whole window shares. */
const heavy = /tensorflow|tfjs|libvips|sharp|[\\/]dist[\\/](compute|cli)\.js/;

describe("activation", () => {
  it("registers without loading services or starting a process", async () => {
    const view = await extension().activate();
    assert.equal(view.services(), undefined);
    assert.ok(view.activationMs > 0);
    measure("activation, ms", view.activationMs);
  });

  it("brings no tensor library into the extension host", () => {
    const loaded = Object.keys(require.cache).filter((file) => heavy.test(file));
    assert.deepEqual(loaded, []);
    // Native libraries show up among what is mapped into the process, on Linux.
    const maps = existsSync("/proc/self/maps") ? readFileSync("/proc/self/maps", "utf8") : "";
    assert.doesNotMatch(maps, /libtensorflow|tfjs_binding|libvips/);
    const bundle = readFileSync(vscode.Uri.joinPath(extension().extensionUri, "dist", "extension.js").fsPath, "utf8");
    assert.doesNotMatch(bundle, /node_modules\/(@tensorflow|sharp)\//);
  });

  it("registers every command, and names each in the manifest", async () => {
    const known = await vscode.commands.getCommands(true);
    const contributed: unknown[] = extension().packageJSON.contributes.commands.map(
      ({ command }: { command: unknown }) => command,
    );
    assert.deepEqual(
      commandIds.filter((id) => !known.includes(id)),
      [],
    );
    assert.deepEqual([...contributed].sort(), [...commandIds].sort());
  });
});
