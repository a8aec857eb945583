import type { BaselineSpec } from "./explain.ts";
import { baselineNames } from "./manifest.ts";
import { stopWordLanguage } from "./stopWordLanguages.ts";

/** How baselines that take a text or a list are written. */
export const baselineForms = ["text:TEXT", "stop-words:LANGUAGE|FILE"] as const;

/**
 * A baseline as people write it, on the command line or in the manifest: a name, a number, `text:…`, `stop-words:…`, or
 * else a file, which `resolve` makes absolute.
 */
export function baselineSpecOf(value: string | number, resolve: (path: string) => string): BaselineSpec {
  if (typeof value === "number") return { kind: "value", value };
  const trimmed = value.trim();
  const name = baselineNames.find((candidate) => candidate === trimmed);
  if (name !== undefined) return { kind: "name", name };
  if (/^text:/i.test(value)) return { kind: "text", text: value.slice("text:".length) };
  if (/^stop-words:/i.test(trimmed)) {
    const list = trimmed.slice("stop-words:".length).trim();
    return { kind: "stop-words", list: stopWordLanguage(list) ?? resolve(list) };
  }
  const number = trimmed === "" ? Number.NaN : Number(trimmed);
  return Number.isFinite(number) ? { kind: "value", value: number } : { kind: "file", path: resolve(trimmed) };
}
