import { readFile, stat } from "node:fs/promises";
import { throwIfCancelled } from "../../common/cancellation.ts";
import { modelInvalid } from "../disk/modelErrors.ts";

/** WebAssembly's memory, where the weights are parsed, ends at two gigabytes. */
const mostBytes = 1.8e9;

export async function readWholeFile(file: string, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await stat(file);
  if (size > mostBytes) {
    throw modelInvalid(
      file,
      "The model is too large.",
      `at most ${mostBytes / 1e9} GB`,
      `${(size / 1e9).toFixed(1)} GB`,
      "Save the model in half precision, or export it to ONNX.",
    );
  }
  const bytes = await readFile(file, signal === undefined ? {} : { signal });
  throwIfCancelled(signal);
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(bytes);
  return copy;
}
