import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { DiskGradientStore } from "../../../../src/compute/neurons/diskGradientStore.ts";
import { temporaryFolder } from "../../models/modelFiles.ts";

const vector = (seed: number): Float32Array => Float32Array.from({ length: 1000 }, (_, i) => seed + i / 7);

test("vectors come back as they went, from memory and from disk", () => {
  const folder = temporaryFolder();
  const store = new DiskGradientStore(10_000, folder);
  const handles = Array.from({ length: 8 }, (_, k) => store.put(vector(k)));
  assert.equal(store.bytesOnDisk, 6 * 4000);
  for (const [k, handle] of handles.entries()) assert.deepEqual(store.get(handle), vector(k));
  assert.throws(() => store.get(99), RangeError);
  store.dispose();
  store.dispose();
  assert.throws(() => store.get(handles[7] ?? 0), RangeError);
  assert.deepEqual(readdirSync(folder), []);
});

test("nothing is left in the temporary folder when the process ends, in order or not", () => {
  const [folder, scripts] = [temporaryFolder(), temporaryFolder()];
  const module = fileURLToPath(new URL("../../../../src/compute/neurons/diskGradientStore.ts", import.meta.url));
  for (const end of ["", "process.exit(3)", "throw new Error('broken')", "process.kill(process.pid, 'SIGKILL')"]) {
    const script = join(scripts, "use.ts");
    writeFileSync(
      script,
      `import { DiskGradientStore } from ${JSON.stringify(module)};
       const store = new DiskGradientStore(0, ${JSON.stringify(folder)});
       store.put(new Float32Array(100));
       if (store.bytesOnDisk !== 400) process.exit(9);
       ${end}`,
    );
    try {
      execFileSync(process.execPath, ["--import", "tsx", script], { stdio: "ignore" });
    } catch (error) {
      assert.notEqual((error as { status?: number }).status, 9);
    }
    assert.deepEqual(readdirSync(folder), [], end);
  }
});

test("a temporary folder that cannot be written to is said", () => {
  const store = new DiskGradientStore(0, join(temporaryFolder(), "is not there"));
  assert.throws(() => store.put(vector(0)), { code: "usage" });
});
