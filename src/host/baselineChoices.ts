import { readFile } from "node:fs/promises";
import * as path from "node:path";
import * as z from "zod";
import { baselineLabels } from "../protocol/baselineLabels.ts";
import { baselineSpecOf } from "../protocol/baselineText.ts";
import type { BaselineSpec } from "../protocol/explain.ts";
import type { BaselineName, ManifestModel, TextInput } from "../protocol/manifest.ts";
import type { PanelState } from "../protocol/panel.ts";
import { stopWordLabel, stopWordLanguages } from "../protocol/stopWordLanguages.ts";

type BaselineChoice = PanelState["options"]["baselines"][number];

function named(name: BaselineName): BaselineChoice {
  return { id: name, label: baselineLabels[name], spec: { kind: "name", name } };
}

/** The baselines that make sense for a model's first input; tokens only where the vocabulary has them. */
export async function baselineChoices(
  entry: ManifestModel | undefined,
  baseFolder: string | undefined,
): Promise<BaselineChoice[]> {
  const input = entry?.inputs[0];
  const file: BaselineChoice = { id: "file", label: "Choose a file…", spec: null };
  if (input?.kind === "image") return [...(["black", "white", "grey", "mean", "blurred"] as const).map(named), file];
  if (input?.kind === "text") {
    const tokens = await knownTokens(input, baseFolder);
    return [
      named("zero-embedding"),
      ...tokens.map(named),
      named("mean-embedding"),
      ...(isFileReader(input) ? [] : [{ id: "text", label: "Another text…", spec: null }]),
      { id: "stop-words", label: "Stop words kept…", spec: null },
    ];
  }
  return [named("zeros"), named("ones"), named("mean"), file];
}

async function knownTokens(input: TextInput, baseFolder: string | undefined): Promise<BaselineName[]> {
  const { tokenizer } = input;
  if (tokenizer.type === "bytes") return ["pad"];
  if (tokenizer.type === "text-vectorization") return ["pad", "unknown"];
  if (tokenizer.type === "word-index") return tokenizer.unknown === undefined ? ["pad"] : ["pad", "unknown"];
  if (tokenizer.type === "huggingface") return addedTokens(path.resolve(baseFolder ?? ".", tokenizer.file));
  const names: [BaselineName, string][] = [
    ["pad", tokenizer.pad],
    ["mask", tokenizer.mask ?? "[MASK]"],
    ["unknown", tokenizer.unknown],
  ];
  try {
    const text = await readFile(path.resolve(baseFolder ?? ".", tokenizer.vocabulary), "utf8");
    const has = vocabularyOf(tokenizer.vocabulary, text);
    return names.filter(([, token]) => has.has(token)).map(([name]) => name);
  } catch {
    // The compute process says what is wrong with the file; here it only means that no token can be offered.
    return [];
  }
}

const addedSchema = z.looseObject({ added_tokens: z.array(z.looseObject({ content: z.string() })) });

/** Special tokens by their usual names; the compute process knows the rest, and says so where there is none. */
async function addedTokens(file: string): Promise<BaselineName[]> {
  const names: [BaselineName, RegExp][] = [
    ["pad", /^[[<]pad[\]>]$/i],
    ["mask", /^[[<]mask[\]>]$/i],
    ["unknown", /^[[<]unk[\]>]$/i],
  ];
  try {
    const parsed = addedSchema.parse(JSON.parse(await readFile(file, "utf8")));
    const has = (pattern: RegExp): boolean => parsed.added_tokens.some(({ content }) => pattern.test(content));
    return names.filter(([, pattern]) => has(pattern)).map(([name]) => name);
  } catch {
    // As below: the compute process says what is wrong with the file.
    return [];
  }
}

function vocabularyOf(file: string, text: string): Set<string> {
  if (!file.toLowerCase().endsWith(".json")) return new Set(text.split(/\r?\n/));
  const parsed: unknown = JSON.parse(text);
  if (Array.isArray(parsed)) return new Set(parsed.map(String));
  return new Set(typeof parsed === "object" && parsed !== null ? Object.keys(parsed) : []);
}

/** The manifest's baseline as a request has it; files relative to the manifest become absolute. */
export function baselineOfEntry(
  baseline: ManifestModel["baseline"],
  baseFolder: string | undefined,
): BaselineSpec | undefined {
  if (baseline === undefined) return undefined;
  return baselineSpecOf(baseline, (file) => path.resolve(baseFolder ?? ".", file));
}

/** The choices, with the one in use among them also where it is a number or a file. */
export function withCurrent(choices: readonly BaselineChoice[], current: BaselineSpec | undefined): BaselineChoice[] {
  if (current === undefined || choices.some(({ spec }) => JSON.stringify(spec) === JSON.stringify(current))) {
    return [...choices];
  }
  const label = labelOf(current);
  return [{ id: `current:${label}`, label, spec: current }, ...choices];
}

function labelOf(baseline: BaselineSpec): string {
  switch (baseline.kind) {
    case "name":
      return baselineLabels[baseline.name];
    case "value":
      return `Every number ${baseline.value}`;
    case "file":
      return path.basename(baseline.path);
    case "text":
      return `“${baseline.text}”`;
    case "stop-words": {
      const { list } = baseline;
      return `Stop words kept (${stopWordLanguages.includes(list) ? stopWordLabel(list) : path.basename(list)})`;
    }
  }
}

/** A model of whole files takes bytes, which another text would not fill. */
function isFileReader({ tokenizer }: TextInput): boolean {
  return tokenizer.type === "bytes" && tokenizer.window !== undefined;
}
