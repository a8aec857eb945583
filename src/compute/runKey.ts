import { createHash } from "node:crypto";

/** Identity of a path and what is integrated along it: equal keys mean that every evaluation of one run serves the other. */
export function runKey(parts: readonly (string | number | null)[], arrays: readonly ArrayBufferView[]): string {
  const hash = createHash("sha256").update(JSON.stringify(parts));
  for (const array of arrays) {
    hash.update(`|${array.byteLength}|`);
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest("hex");
}
