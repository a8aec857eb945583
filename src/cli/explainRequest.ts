import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { PathlightError } from "../common/errors.ts";
import { columnSamples } from "../protocol/columnSamples.ts";
import {
  type BaselineSpec,
  type ExplainRequest,
  explainRequestSchema,
  type SampleRef,
  type TargetSpec,
} from "../protocol/explain.ts";
import type { ManifestDataset, TextColumns } from "../protocol/manifest.ts";
import { isFileModel } from "../protocol/readsWholeFiles.ts";
import { rowKind } from "../protocol/rows.ts";
import { baselineOf } from "./baselineOption.ts";
import type { ExplainFlags } from "./explainFlags.ts";
import { inputArgument } from "./inputArgument.ts";
import { chooseModel, type ModelChoice } from "./modelChoice.ts";
import { samplesForMean } from "./samplesForMean.ts";
import { usageError } from "./usageError.ts";

export interface BuiltRequest {
  readonly request: ExplainRequest;
  /** Lines for the user: what was taken from where. */
  readonly notes: readonly string[];
}

/**
 * What the flags ask for, with the manifest's values where a flag is absent. Paths are resolved against `folder`.
 *
 * @throws PathlightError for files that are not there and values that do not fit.
 */
export async function explainRequest(flags: ExplainFlags, folder: string): Promise<BuiltRequest> {
  const inputs = flags.inputs.map((text) => {
    const { name, file } = inputArgument(text, folder);
    return { name, path: resolve(folder, file) };
  });
  for (const { path } of inputs) await checkIsFile(path);
  const choice = await chooseModel(flags, inputs[0]?.path, folder);
  const notes = [...choice.notes];
  if (flags.steps !== undefined && (flags.rule ?? "adaptive") === "adaptive") {
    notes.push("Note: --steps is for rules with a fixed number of nodes; the adaptive rule chooses its own.");
  }
  const baseline = baselineFrom(flags, choice, folder);
  const samples = samplesFrom(flags, inputs, choice);
  const request = explainRequestSchema.parse({
    model: choice.model,
    samples,
    settings: withoutUndefined({
      target: targetOf(flags, choice),
      from: flags.from,
      output: flags.output ?? choice.model.entry?.output,
      link: flags.link ?? choice.model.entry?.link,
      baseline,
      method: flags.method,
      rule: flags.rule,
      steps: flags.steps,
      tolerance: flags.tolerance ?? choice.model.entry?.tolerance,
      grain: flags.grain,
      maxEvaluations: flags.maxEvaluations,
      backend: flags.backend,
      hold: flags.hold,
      long: flags.long,
      explainPrefix: flags.prefix ? true : undefined,
    }),
    ...(baseline?.kind === "name" && baseline.name === "mean"
      ? {
          meanOver: await samplesForMean(
            inputs.map(({ path }) => path),
            choice.dataset,
          ),
        }
      : {}),
  });
  return { request, notes };
}

/** The manifest's expression where no class is asked for; a link asks for the predicted class's own value. */
function targetOf({ target, link }: ExplainFlags, { model }: ModelChoice): TargetSpec | undefined {
  const expression = model.entry?.targetExpression;
  const isOpen = target === undefined || target.kind === "predicted";
  if (expression === undefined || link !== undefined || !isOpen) return target;
  return { kind: "expression", expression, ...(target === undefined ? {} : { position: target.position }) };
}

/** Keys that are absent mean defaults, and stay absent in the record of the request. */
function withoutUndefined(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

async function checkIsFile(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile() === true) return;
  throw new PathlightError("sample-not-found", `There is no file ${path}.`, {
    file: path,
    expected: "an image, a data file or a .npy tensor",
    found: stats === undefined ? "nothing" : "a folder",
    whatToDo: "Correct --input.",
  });
}

function baselineFrom(flags: ExplainFlags, { model }: ModelChoice, folder: string): BaselineSpec | undefined {
  if (flags.baseline !== undefined) return baselineOf(flags.baseline, folder, "--baseline");
  const own = model.entry?.baseline;
  return own === undefined ? undefined : baselineOf(own, model.baseFolder ?? folder, "The manifest's baseline");
}

/** `--column` once, twice for a pair, or with the name of an input before an equals sign. */
function textColumns(columns: readonly string[]): ManifestDataset["text"] {
  const named = columns.map((text) => {
    const sign = text.indexOf("=");
    return sign <= 0
      ? ([undefined, text.replace(/^=/, "")] as const)
      : ([text.slice(0, sign), text.slice(sign + 1)] as const);
  });
  const inputs = new Set(named.map(([input]) => input));
  const pairs = [...inputs].map((input): [string | undefined, string[]] => {
    return [input, named.flatMap(([other, column]) => (other === input ? [column] : []))];
  });
  if (columns.includes("") || (inputs.size > 1 && inputs.has(undefined)) || pairs.some(([, own]) => own.length > 2)) {
    throw usageError("The columns do not fit together.", {
      expected: "--column NAME once, twice for a pair, or --column INPUT=NAME for each input",
      found: columns.map((column) => `--column ${column}`).join(" "),
    });
  }
  const read = ([first = "", second]: readonly string[]): TextColumns =>
    second === undefined ? first : [first, second];
  const [only] = pairs;
  if (only === undefined) return undefined;
  if (only[0] === undefined) return read(only[1]);
  return Object.fromEntries(pairs.map(([input, own]) => [input ?? "", read(own)]));
}

function samplesFrom(
  flags: ExplainFlags,
  inputs: readonly { name: string | undefined; path: string }[],
  { dataset, model }: ModelChoice,
): ExplainRequest["samples"] {
  // A model of whole files reads a data file as it lies on disk, unless a row of it is asked for.
  const wholeFiles = model.entry !== undefined && isFileModel(model.entry) && flags.row === undefined;
  const text = textColumns(flags.columns) ?? dataset?.spec.text;
  const labelColumn = dataset?.spec.label;
  const files = inputs.flatMap(({ name, path }) => {
    const hasRows = rowKind(path) !== null && !wholeFiles;
    const sample: SampleRef = {
      kind: "file",
      path,
      ...(hasRows
        ? {
            row: flags.row ?? 0,
            ...(labelColumn === undefined ? {} : { labelColumn }),
          }
        : {}),
    };
    if (name === undefined) return columnSamples(sample, text);
    // A row for one input by name: the columns of that input, else those of all.
    const own = typeof text === "object" && !Array.isArray(text) ? text[name] : text;
    return columnSamples(sample, own).map((entry) => ({ ...entry, input: name }));
  });
  if (flags.texts.length > 0) {
    const texts = flags.texts.map((one) => ({ sample: { kind: "text" as const, text: one, origin: "--text" } }));
    return [...texts, ...files];
  }
  const rows = files.filter(({ sample }) => sample.row !== undefined);
  const given = { row: flags.row !== undefined, column: flags.columns.length > 0 };
  for (const option of ["row", "column"] as const) {
    if (!given[option] || rows.length > 0) continue;
    throw usageError(`--${option} is for data files.`, {
      expected: "an --input that is .jsonl, .ndjson, .csv, .tsv or .txt",
      found: inputs.map(({ path }) => path).join(", "),
      whatToDo: `Leave --${option} out.`,
    });
  }
  return files;
}
