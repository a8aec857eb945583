import { MOST_WASM_THREADS } from "../protocol/compute.ts";
import {
  type BackendPreference,
  backendPreferenceSchema,
  type Hold,
  holdSchema,
  type LongTextSetting,
  type Method,
  methodSchema,
  type Rule,
  ruleSchema,
  type TargetSpec,
} from "../protocol/explain.ts";
import { parseExpression } from "../protocol/expression/parse.ts";
import { type Link, linkSchema } from "../protocol/manifest.ts";
import { explainSpec } from "./commands/explainSpec.ts";
import type { CommandSpec } from "./optionSpec.ts";
import { fraction, oneOf, wholeNumber } from "./optionValues.ts";
import { type ParsedOptions, parseOptions } from "./parseOptions.ts";
import { usageError } from "./usageError.ts";

/** What `pathlight explain` was told, each value checked by itself; nothing has been looked up on disk. */
export interface ExplainFlags {
  readonly model: string;
  readonly manifest: string | undefined;
  /** Convert a SavedModel first. */
  readonly convert: boolean;
  readonly inputs: readonly string[];
  /** Once, or twice for a pair or a model with two texts. */
  readonly texts: readonly string[];
  readonly row: number | undefined;
  /** Columns with text, as they were written: a name, or `INPUT=NAME`. */
  readonly columns: readonly string[];
  readonly target: TargetSpec | undefined;
  readonly output: string | undefined;
  readonly from: string | undefined;
  readonly link: Link | undefined;
  readonly baseline: string | undefined;
  readonly method: Method | undefined;
  readonly rule: Rule | undefined;
  readonly steps: number | undefined;
  readonly tolerance: number | undefined;
  readonly grain: number | undefined;
  readonly maxEvaluations: number | undefined;
  readonly backend: BackendPreference | undefined;
  /** Explain what had been written before a token as well. */
  readonly prefix: boolean;
  readonly threads: number | undefined;
  readonly hold: Hold | undefined;
  readonly long: LongTextSetting | undefined;
  readonly failAbove: number | undefined;
  readonly out: string;
  readonly json: boolean;
  /** What each token of one text says to each of another. */
  readonly pairs: boolean;
}

/**
 * `command`: the one whose table of options holds; what it does not have stays undefined. `out`: whether there must be a
 * folder for results; it is empty where it is left out.
 *
 * @throws PathlightError `usage`, `target-invalid`
 */
export function readExplainFlags(
  args: readonly string[],
  command: CommandSpec = explainSpec,
  out: "required" | "optional" = "required",
): ExplainFlags {
  const options = parseOptions(args, command);
  const whole = (name: string, least: number, most: number) =>
    read(name, (text) => wholeNumber(name, text, least, most));
  function read<T>(name: string, reader: (text: string) => T): T | undefined {
    const text = options.value(name);
    return text === undefined ? undefined : reader(text);
  }
  function required(name: string, expected: string): string {
    const value = options.value(name);
    if (value !== undefined && value !== "") return value;
    throw usageError(`Option --${name} is missing.`, {
      expected,
      whatToDo: `See \`pathlight ${command.name} --help\`.`,
    });
  }
  const flags = {
    model: required("model", "--model PATH, the model"),
    manifest: options.value("manifest"),
    convert: options.has("convert"),
    inputs: options.values("input"),
    texts: options.values("text"),
    row: whole("row", 0, 1_000_000_000),
    columns: options.values("column"),
    target: withPosition(targetFrom(options), whole("position", 0, 1_000_000)),
    output: options.value("output"),
    from: options.value("from"),
    link: read("link", (text) => oneOf("link", text, linkSchema.options)),
    baseline: options.value("baseline"),
    method: read("method", (text) => oneOf("method", text, methodSchema.options)),
    rule: read("rule", (text) => oneOf("rule", text, ruleSchema.options)),
    steps: whole("steps", 1, 100_000),
    tolerance: read("tolerance", (text) => fraction("tolerance", text, { above: 0, below: 1 })),
    grain: whole("grain", 1, 4096),
    maxEvaluations: whole("max-evaluations", 1, 1_000_000),
    backend: read("backend", (text) => oneOf("backend", text, backendPreferenceSchema.options)),
    prefix: options.has("prefix"),
    threads: whole("threads", 0, MOST_WASM_THREADS),
    hold: read("hold", (text) => oneOf("hold", text, holdSchema.options)),
    long: options.has("windows") ? longText(options.value("windows")) : undefined,
    failAbove: read("fail-above", (text) => fraction("fail-above", text, { least: 0 })),
    out: out === "optional" ? (options.value("out") ?? "") : required("out", "--out DIR, the folder for the results"),
    json: options.has("json"),
    pairs: options.has("pairs"),
  };
  if (flags.inputs.length === 0 && flags.texts.length === 0) {
    throw usageError("There is no sample.", { expected: '--input FILE, or --text "…"' });
  }
  return flags;
}

function longText(value: string | undefined): LongTextSetting {
  if (value === "off") return { kind: "cut" };
  if (value === undefined) return { kind: "windows" };
  return { kind: "windows", overlap: wholeNumber("windows", value, 0, 65_535) };
}

/** One of `--target` and `--target-expression`; an expression says itself whether it is of a logit or a probability. */
function targetFrom(options: ParsedOptions): TargetSpec | undefined {
  const expression = options.value("target-expression");
  const target = options.value("target");
  if (expression === undefined) return target === undefined ? undefined : targetOf(target);
  for (const other of ["target", "link"]) {
    if (options.value(other) === undefined) continue;
    throw usageError(`--target-expression and --${other} are given together.`, {
      expected: "one of them",
      whatToDo:
        other === "target"
          ? "Leave one out."
          : "Leave --link out: logit[0] in an expression is a logit, probability[0] what stands behind it.",
    });
  }
  parseExpression(expression);
  return { kind: "expression", expression };
}

function targetOf(text: string): TargetSpec {
  const trimmed = text.trim();
  if (/^[+-]?\d+$/.test(trimmed)) return { kind: "index", index: wholeNumber("target", trimmed, 0, 2 ** 31 - 1) };
  if (trimmed === "") throw usageError("--target is empty.", { expected: "an index or a label" });
  return { kind: "label", label: trimmed };
}

function withPosition(target: TargetSpec | undefined, position: number | undefined): TargetSpec | undefined {
  return position === undefined ? target : { ...(target ?? { kind: "predicted" }), position };
}
