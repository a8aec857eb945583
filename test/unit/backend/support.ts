import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

/** A folder that is gone after the test, holding the given files. */
export function folderWith(context: TestContext, files: Readonly<Record<string, string | Buffer>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "pathlight-backend-")));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    const mode = name.includes("/bin/") || name.startsWith("bin/") ? 0o755 : 0o644;
    writeFileSync(join(folder, name), content, { mode });
  }
  return folder;
}

/** Sets environment variables for one test; undefined removes one. */
export function withEnvironment(context: TestContext, values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    context.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** A stand-in for Python that answers the question after TensorFlow with this folder. */
export function fakePython(folder: string | null, version: string | null): string {
  const answer = JSON.stringify({ executable: "/fake/python", python: "3.11.0", folder, version });
  return `#!/bin/sh\ncase "$1" in -c) echo '${answer}';; *) exit 1;; esac\n`;
}

/** The header of an ELF file for this machine, made out to end at `length` bytes. */
export function elfHeader(machine: number, length: number): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header.writeUInt8(2, 4);
  header.writeUInt8(1, 5);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(BigInt(length - 64), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(1, 60);
  return header;
}
