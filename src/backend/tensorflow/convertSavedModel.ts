import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { throwIfCancelled } from "../../common/cancellation.ts";
import { cancelled, PathlightError } from "../../common/errors.ts";
import type { BackendOptions } from "../backendInfo.ts";
import { run } from "../childProcess.ts";
import { packageFolder } from "../packageFiles.ts";
import { findTensorFlowPython } from "./findTensorFlowPython.ts";

export interface ConvertOptions extends BackendOptions {
  /** Default: `serving_default`, or the only one. */
  readonly signature?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const doneSchema = z.object({
  signature: z.string(),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  nodes: z.int(),
  weightBytes: z.int(),
  tensorflow: z.string(),
});

/** What came out of a conversion. */
export type Conversion = z.output<typeof doneSchema> & {
  /** Absolute path of the `model.json`. */
  readonly file: string;
};

const errorSchema = z.object({
  message: z.string(),
  expected: z.string().optional(),
  found: z.string().optional(),
  whatToDo: z.string().optional(),
});
const lineSchema = z.union([
  z.object({ stage: z.string() }),
  z.object({ done: doneSchema }),
  z.object({ error: errorSchema }),
]);

/**
 * Converts a SavedModel into a tfjs graph model in the folder `out`, in the user's Python environment: the variables of
 * the signature become constants, its functions are inlined. `out` gets all files or none, and the
 * class names and vocabulary of the SavedModel. Errors:
 * `backend-unavailable` without a Python that has TensorFlow, `model-invalid` for what TensorFlow refuses, `usage` for
 * an `out` that holds something else, `cancelled`.
 */
export async function convertSavedModel(
  savedModel: string,
  out: string,
  options: ConvertOptions = {},
): Promise<Conversion> {
  const source = resolve(savedModel);
  const target = resolve(out);
  if (!existsSync(join(source, "saved_model.pb"))) {
    throw new PathlightError("model-not-found", `There is no SavedModel at ${source}.`, {
      file: source,
      expected: "a folder with saved_model.pb",
      found: existsSync(source) ? "a folder without it" : "no such folder",
      whatToDo: "Choose the folder that TensorFlow saved the model in.",
    });
  }
  await refuseForeignFolder(target);
  const { python } = await findTensorFlowPython(options);
  throwIfCancelled(options.signal);
  const aside = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
  await mkdir(aside, { recursive: true });
  try {
    const done = await runScript(python, source, aside, options);
    await moveInto(aside, target);
    await copyCompanions(source, target);
    return { ...done, file: join(target, "model.json") };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** What is replaced must be an earlier conversion; whatever else has been put beside it stays. */
async function refuseForeignFolder(target: string): Promise<void> {
  const names = await readdir(target).catch((cause: unknown): string[] => {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return [];
    throw foreignFolder(target, cause instanceof Error ? cause.message : String(cause));
  });
  const [first] = names;
  if (first === undefined) return;
  if (!names.includes("model.json")) throw foreignFolder(target, first);
  const text = await readFile(join(target, "model.json"), "utf8");
  if (!text.includes('"convertedBy": "Pathlight"')) throw foreignFolder(target, "a model.json of somebody else's");
}

/** The weights first: a model.json that is there has its weights. */
async function moveInto(aside: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const name of await readdir(target)) {
    if (name === "model.json" || isShard(name)) await rm(join(target, name));
  }
  for (const name of (await readdir(aside)).filter(isShard)) await rename(join(aside, name), join(target, name));
  await rename(join(aside, "model.json"), join(target, "model.json"));
}

function isShard(name: string): boolean {
  return /^group1-shard\d+of\d+\.bin$/.test(name);
}

/** Class names and vocabulary of the SavedModel, which are looked for beside a model; what is there already stays. */
async function copyCompanions(source: string, target: string): Promise<void> {
  for (const folder of [source, join(source, "assets")]) {
    const names = await readdir(folder).catch((): string[] => []);
    for (const name of names.filter((each) => companion.test(each))) {
      if (!existsSync(join(target, name))) await copyFile(join(folder, name), join(target, name));
    }
  }
}

const companion = /^(labels|classes|class_names|vocab|vocabulary|word_index|tokens)\.(txt|json)$/i;

function foreignFolder(target: string, found: string): PathlightError {
  return new PathlightError("usage", "The folder for the converted model holds something else.", {
    file: target,
    expected: "a folder that is not there yet, an empty one, or an earlier conversion",
    found,
    whatToDo: "Choose another folder.",
  });
}

async function runScript(
  python: string,
  source: string,
  target: string,
  options: ConvertOptions,
): Promise<z.output<typeof doneSchema>> {
  let rest = "";
  const lines: z.output<typeof lineSchema>[] = [];
  const args = [scriptFile(), source, target, ...(options.signature === undefined ? [] : [options.signature])];
  const { code, signal, stderr, failure } = await run(python, args, {
    timeoutMs: 1_800_000,
    signal: options.signal,
    onStdout: (chunk) => {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts.flatMap(parseLine)) {
        lines.push(line);
        if ("stage" in line) options.onProgress?.(line.stage);
      }
    },
  });
  if (options.signal?.aborted === true) throw cancelled();
  const last = lines.at(-1);
  if (last !== undefined && "done" in last) return last.done;
  const { message, ...details } =
    last !== undefined && "error" in last
      ? last.error
      : {
          message: "The conversion ended without a result.",
          found: failure ?? stderr.trim().split("\n").at(-1) ?? `exit code ${code ?? signal ?? "unknown"}`,
        };
  throw new PathlightError("model-invalid", message, {
    file: source,
    whatToDo: "Load the SavedModel in Python to see more, or export the model as ONNX.",
    ...details,
  });
}

/** Other libraries print on standard output too. */
function parseLine(text: string): z.output<typeof lineSchema>[] {
  try {
    const parsed = lineSchema.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

/** Beside the bundle, else beside this file. */
function scriptFile(): string {
  const root = packageFolder();
  const name = "convertSavedModel.py";
  const places = [join(root, "dist", "python", name), join(root, "src", "backend", "tensorflow", name)];
  return places.find(existsSync) ?? name;
}
