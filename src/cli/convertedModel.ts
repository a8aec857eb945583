import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { convertedFolder } from "../protocol/savedModel.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The model to use for a path that was given with `--convert`: for a SavedModel its conversion beside it, made now
 * unless there is one that is newer; anything else stays as it is.
 */
export async function convertedModel(
  path: string,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<string> {
  const file = basename(path) === "saved_model.pb" ? resolve(path) : join(resolve(path), "saved_model.pb");
  const saved = await changedAt(file);
  if (saved === undefined) return path;
  const folder = dirname(file);
  const out = convertedFolder(folder);
  const converted = await changedAt(join(out, "model.json"));
  if (converted !== undefined && converted > saved) return join(out, "model.json");
  const { convertSavedModel } = await import("../backend/index.ts");
  terminal.err(`Converting ${folder} into ${out}\n`);
  return (await convertSavedModel(folder, out, { signal })).file;
}

async function changedAt(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
