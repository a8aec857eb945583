import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { PathlightError } from "../common/errors.ts";
import { baselineForms, baselineSpecOf } from "../protocol/baselineText.ts";
import type { BaselineSpec } from "../protocol/explain.ts";
import { baselineNames } from "../protocol/manifest.ts";
import { closest } from "./suggestion.ts";

/**
 * A baseline as people write it, on the command line or in the manifest: a name, a number, or a file relative to
 * `folder`.
 *
 * @throws PathlightError `baseline-invalid`
 */
export function baselineOf(value: string | number, folder: string, where: string): BaselineSpec {
  const text = String(value).trim();
  const spec = baselineSpecOf(String(value), (path) => resolve(folder, path));
  if (spec.kind !== "file") return spec;
  const { path } = spec;
  if (text !== "" && existsSync(path)) return spec;
  const meant = closest(text, baselineNames);
  throw new PathlightError("baseline-invalid", `${where} "${text}" is neither a name nor a number nor a file.`, {
    expected: `one of ${[...baselineNames, ...baselineForms].join(", ")}, a finite number, or a file that exists`,
    found: /[./\\]/.test(text) ? `no file ${path}` : `"${text}"`,
    whatToDo: meant === undefined ? "Give one of these." : `Did you mean ${meant}?`,
  });
}
