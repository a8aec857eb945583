import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { usageError } from "./usageError.ts";

export interface InputArgument {
  readonly name: string | undefined;
  readonly file: string;
}

/**
 * Takes `[NAME=]FILE` apart. A file whose name holds an equals sign is that file; names of inputs hold no path
 * separator before the sign.
 *
 * @throws PathlightError `usage`
 */
export function inputArgument(text: string, folder: string): InputArgument {
  if (text === "") throw usageError("--input is empty.", { expected: "--input [NAME=]FILE" });
  const sign = text.indexOf("=");
  if (sign <= 0 || existsSync(resolve(folder, text))) return { name: undefined, file: text };
  const file = text.slice(sign + 1);
  if (file === "") throw usageError(`--input ${text} names no file.`, { expected: "--input NAME=FILE" });
  return { name: text.slice(0, sign), file };
}
