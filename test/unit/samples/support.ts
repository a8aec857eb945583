import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { type ErrorCode, PathlightError } from "../../../src/common/errors.ts";

export const fixtures = fileURLToPath(new URL("../../fixtures/samples", import.meta.url));

/** A folder that is gone when the file's tests are done. */
export const folder = mkdtempSync(join(tmpdir(), "pathlight-samples-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file into {@link folder} and gives its path. */
export function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The error of a promise or function, checked: its code, that it says what to do, and each text somewhere in it. */
export async function fails(
  run: (() => unknown) | Promise<unknown>,
  code: ErrorCode,
  ...texts: (string | RegExp)[]
): Promise<PathlightError> {
  let thrown: unknown;
  try {
    await (typeof run === "function" ? run() : run);
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof PathlightError, `expected ${code}, got ${String(thrown)}`);
  assert.equal(thrown.code, code, thrown.message);
  const all = [thrown.message, ...Object.values(thrown.details)].join("\n");
  for (const text of texts) {
    assert(typeof text === "string" ? all.includes(text) : text.test(all), `${String(text)} is not in: ${all}`);
  }
  assert(thrown.details.whatToDo !== undefined, `no whatToDo: ${thrown.message}`);
  return thrown;
}

export function closeTo(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-6): void {
  assert.equal(actual.length, expected.length);
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs((actual[index] ?? Number.NaN) - (expected[index] ?? Number.NaN));
    assert(difference <= tolerance, `at ${index}: ${actual[index]} is not ${expected[index]}`);
  }
}
