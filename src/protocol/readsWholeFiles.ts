import type { ManifestInput, ManifestModel } from "./manifest.ts";

/** Whether a file of any type, as it lies on disk, is a sample of this input. */
export function readsWholeFiles(input: ManifestInput): boolean {
  return input.kind === "text" && input.tokenizer.type === "bytes" && input.tokenizer.window !== undefined;
}

/** A model whose only input takes whole files. */
export function isFileModel({ inputs }: ManifestModel): boolean {
  const [only] = inputs;
  return inputs.length === 1 && only !== undefined && readsWholeFiles(only);
}
