import { resolve } from "node:path";
import { backendPreferenceSchema } from "../../protocol/explain.ts";
import type { Inspection } from "../../protocol/inspection.ts";
import { convertedModel } from "../convertedModel.ts";
import { inspectionTable } from "../inspectionTable.ts";
import { oneOf } from "../optionValues.ts";
import { parseOptions } from "../parseOptions.ts";
import type { Terminal } from "../terminal.ts";
import { usageError } from "../usageError.ts";
import { inspectSpec } from "./inspectSpec.ts";

export interface Inspector {
  inspect(
    model: { readonly path: string },
    backend: "auto" | "tensorflow" | "wasm" | "cpu",
    options: { signal: AbortSignal },
  ): Promise<Inspection>;
  dispose(): void | Promise<void>;
}

export interface InspectEnvironment {
  readonly terminal: Terminal;
  readonly folder: string;
  readonly signal: AbortSignal;
  createExplainer(options: { readonly threads: number | undefined }): Promise<Inspector>;
}

/**
 * Runs `pathlight inspect`.
 *
 * @returns The exit code: 0 also for a model that cannot be built, as long as its structure can be shown.
 * @throws PathlightError for a file that cannot be read at all.
 */
export async function inspect(args: readonly string[], environment: InspectEnvironment): Promise<number> {
  const { terminal, folder, signal } = environment;
  const options = parseOptions(args, inspectSpec);
  const backend = oneOf("backend", options.value("backend") ?? "auto", backendPreferenceSchema.options);
  const asked = resolve(folder, options.positional);
  const path = options.has("convert") ? await convertedModel(asked, { terminal, signal }) : asked;
  const inspector = await environment.createExplainer({ threads: 1 });
  try {
    const inspection = await inspector.inspect({ path }, backend, { signal });
    const shown = onlyOp(inspection, options.value("op"));
    terminal.out(
      options.has("json") ? `${JSON.stringify(shown, null, 2)}\n` : inspectionTable(shown, terminal.outColours),
    );
    return 0;
  } finally {
    await inspector.dispose();
  }
}

function onlyOp(inspection: Inspection, op: string | undefined): Inspection {
  if (op === undefined) return inspection;
  const nodes = inspection.nodes.filter((node) => node.op.toLowerCase() === op.toLowerCase());
  if (nodes.length > 0) return { ...inspection, nodes };
  throw usageError(`The model has no node with the op ${op}.`, {
    expected: [...new Set(inspection.nodes.map((node) => node.op))].join(", "),
    found: op,
  });
}
