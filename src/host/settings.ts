import * as vscode from "vscode";
import { z } from "zod";
import { MOST_WASM_THREADS } from "../protocol/compute.ts";
import { backendPreferenceSchema } from "../protocol/explain.ts";

/** Pathlight's settings, read afresh each time; a value that does not fit counts as not set. */

function read<T>(key: string, schema: z.ZodType<T>, fallback: T, scope?: vscode.Uri): T {
  const parsed = schema.safeParse(vscode.workspace.getConfiguration("pathlight", scope ?? null).get(key));
  return parsed.success ? parsed.data : fallback;
}

/** Paths that lead to programs or libraries are taken from the user alone while the workspace is not trusted (see the manifest's `restrictedConfigurations`). */
const optionalPath = z.string().transform((path) => (path.trim() === "" ? undefined : path.trim()));

export const settings = {
  warnAbove: (scope?: vscode.Uri): number => read("completeness.warnAbove", z.number().gt(0).max(1), 0.05, scope),
  backend: () => read("backend", backendPreferenceSchema, "auto"),
  tensorflowPath: () => read<string | undefined>("tensorflow.path", optionalPath, undefined),
  pythonPath: () => read<string | undefined>("python.path", optionalPath, undefined),
  /** Undefined: a matter of the cores. */
  wasmThreads: (): number | undefined =>
    read<number | undefined>("wasm.threads", z.int().min(0).max(MOST_WASM_THREADS), undefined),
  /** Undefined: the model's own tolerance, else the protocol's default. */
  tolerance: (scope?: vscode.Uri): number | undefined =>
    read<number | undefined>("defaultTolerance", z.number().gt(0).lt(1), undefined, scope),
  maxEvaluations: (scope?: vscode.Uri) => read("maxEvaluations", z.int().min(1).max(1_000_000), 512, scope),
  onModelChange: () => read("onModelChange", z.enum(["ask", "explain", "ignore"]), "ask"),
  historySize: () => read("history.size", z.int().min(1).max(1000), 50),
  idleMinutes: () => read("compute.idleMinutes", z.number().min(0.1).max(1440), 5),
  codeLens: () => read("codeLens", z.boolean(), true),
  editorHighlights: () => read("editorHighlights", z.boolean(), true),
  /** How long typing must rest before a text is explained, in milliseconds. */
  livePause: () => read("live.pause", z.int().min(50).max(10_000), 300),
  hover: () => read("hover", z.boolean(), true),
} as const;
