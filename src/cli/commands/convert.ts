import { resolve } from "node:path";
import { bytesWords } from "../../protocol/inspectionWords.ts";
import { convertedFolder } from "../../protocol/savedModel.ts";
import { parseOptions } from "../parseOptions.ts";
import type { Terminal } from "../terminal.ts";
import { convertSpec } from "./convertSpec.ts";

/**
 * Runs `pathlight convert`.
 *
 * @returns The exit code.
 * @throws PathlightError without a Python with TensorFlow, and for what TensorFlow refuses; nothing is left then.
 */
export async function convert(
  args: readonly string[],
  environment: { readonly terminal: Terminal; readonly signal: AbortSignal; readonly folder: string },
): Promise<number> {
  const { terminal, signal, folder } = environment;
  const options = parseOptions(args, convertSpec);
  const source = resolve(folder, options.positional);
  const out = resolve(folder, options.value("out") ?? convertedFolder(source));
  const { convertSavedModel } = await import("../../backend/index.ts");
  const conversion = await convertSavedModel(source, out, {
    signature: options.value("signature"),
    signal,
    onProgress: (message) => terminal.err(`${message}\n`),
  });
  const { file, inputs, outputs, nodes, weightBytes, signature } = conversion;
  terminal.out(
    options.has("json")
      ? `${JSON.stringify(conversion, null, 2)}\n`
      : `${file}\n${signature}: ${inputs.join(", ")} → ${outputs.join(", ")}; ${nodes} nodes, ${bytesWords(weightBytes)} of weights\n`,
  );
  return 0;
}
