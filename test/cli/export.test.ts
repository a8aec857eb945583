import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { PathlightError } from "../../src/common/errors.ts";
import { checkOutputFolder, writeFilesAtomically } from "../../src/compute/export/atomicFiles.ts";
import { jsonForScript } from "../../src/compute/export/report.ts";
import { renderThumbnail } from "../../src/compute/export/thumbnail.ts";
import { loadImage } from "../../src/samples/index.ts";
import { Workspace } from "./support/workspace.ts";

const space = new Workspace();
test.after(() => space.dispose());

test("files appear under their names only when all are whole", async () => {
  const folder = space.path("whole", "deeper");
  const written = await writeFilesAtomically(folder, [
    { name: "a.json", content: "{}" },
    { name: "b.bin", content: Uint8Array.of(1, 2) },
  ]);
  assert.deepEqual(written, [join(folder, "a.json"), join(folder, "b.bin")]);
  assert.deepEqual(readdirSync(folder).sort(), ["a.json", "b.bin"]);
  await writeFilesAtomically(folder, [{ name: "a.json", content: "[]" }]);
  assert.equal(readFileSync(join(folder, "a.json"), "utf8"), "[]");
});

test("a write that fails leaves nothing new behind and says why", async () => {
  const folder = space.path("failing");
  await assert.rejects(
    writeFilesAtomically(folder, [
      { name: "a.json", content: "{}" },
      { name: "no/such/folder.json", content: "{}" },
    ]),
    (error: unknown) => error instanceof PathlightError && error.code === "usage",
  );
  assert.deepEqual(readdirSync(folder), []);
});

test("an output folder is checked before the work", async () => {
  await checkOutputFolder(space.path("not", "there", "yet"));
  const file = space.write("file", "x");
  await assert.rejects(checkOutputFolder(file), /cannot be written/);
  await assert.rejects(checkOutputFolder(join(file, "below")), /cannot be written/);
  const locked = space.path("locked");
  mkdirSync(locked);
  chmodSync(locked, 0o555);
  // The superuser may write anywhere.
  if (process.getuid?.() !== 0) await assert.rejects(checkOutputFolder(join(locked, "out")), /cannot be written/);
});

test("JSON in a script reads back as it was and cannot end the script", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("</script>", "<!--", "]]>", "\u2028", "&lt;"),
  );
  fc.assert(
    fc.property(fc.array(hostile), (value) => {
      const text = jsonForScript(value);
      assert.deepEqual(JSON.parse(text), value);
      assert.doesNotMatch(text, /[<>&\u2028\u2029]/);
    }),
  );
});

test("a thumbnail is the picture; with an attribution its strong cells take the colour of their sign", async () => {
  const picture = await space.png("grey.png", 64, 32, () => 128);
  const sample = { kind: "file", path: picture } as const;
  const plain = await renderThumbnail(sample, { size: 32, theme: "dark" });
  assert.deepEqual([plain.width, plain.height], [32, 16]);
  const values = new Float32Array(16 * 16);
  for (let y = 0; y < 16; y++) {
    for (let x = 0; x < 16; x++) values[y * 16 + x] = x < 4 ? 1 : x >= 12 ? -1 : 0;
  }
  const overlay = {
    attributions: [
      {
        kind: "image" as const,
        input: "x",
        shape: [16, 16, 1],
        height: 16,
        width: 16,
        original: { height: 32, width: 64 },
        crop: { x: 16, y: 0, width: 32, height: 32 },
        values,
        gradient: null,
        grain: 1,
        cellErrors: null,
      },
    ],
  };
  const laid = await renderThumbnail(sample, { size: 64, theme: "dark", overlay });
  const { data, width, channels } = await loadImage(space.write("thumbnail.png", laid.png));
  const at = (x: number, y: number) => [...data.slice((y * width + x) * channels, (y * width + x) * channels + 3)];
  const [forRed = 0, , forBlue = 0] = at(18, 16);
  const [againstRed = 0, , againstBlue = 0] = at(46, 16);
  assert.ok(forRed > forBlue + 30, `for: ${at(18, 16)}`);
  assert.ok(againstBlue > againstRed + 30, `against: ${at(46, 16)}`);
  // Outside of what the model saw, and where nothing speaks either way, the picture stays grey.
  for (const [red = 0, green = 0, blue = 0] of [at(4, 16), at(32, 16), at(60, 16)]) {
    assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) <= 2, `${[red, green, blue]}`);
  }
  await assert.rejects(renderThumbnail({ kind: "text", text: "a" }, { size: 32, theme: "dark" }), /image files/);
});
