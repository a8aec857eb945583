import { PathlightError } from "../../common/errors.ts";
import type { EmbeddingSpec, NodeSpec } from "../../engine/port.ts";
import { type CompanionRole, companionRole } from "../../protocol/companionRole.ts";
import type { GenerateSpec, TokenizerSpec } from "../../protocol/manifest.ts";
import { createTextProducer, createTokenizer, type TextProducer, type Tokenizer } from "../../samples/index.ts";
import { companionsOf } from "../companions.ts";
import type { OpenedModel } from "../openedModel.ts";
import { inDecoder } from "./joinedModel.ts";

/** How a model writes a text: its inputs, and what the tokens that it writes mean. */
export interface Generation {
  readonly kind: GenerateSpec["kind"];
  readonly source: NodeSpec;
  /** Input that takes what has been written; for a decoder-only model the same as `source`. */
  readonly target: NodeSpec;
  readonly targetEmbeddings: readonly EmbeddingSpec[];
  /** Inputs that follow from what has been written. */
  readonly companions: readonly { readonly spec: NodeSpec; readonly role: CompanionRole }[];
  /** Tokenizer of what is written, as in the manifest. */
  readonly spec: TokenizerSpec;
  readonly tokenizer: Tokenizer;
  readonly produce: TextProducer;
  /** Null for a decoder-only model: it starts from the text. */
  readonly startId: number | null;
  readonly endId: number;
  readonly maxLength: number;
}

/**
 * Reads `generate` of a manifest entry; null where the model writes no text. Throws `manifest-invalid` where it does not
 * fit the model or the vocabulary, and what `createTokenizer` throws.
 */
export async function openGeneration({ loaded, entry, baseFolder }: OpenedModel): Promise<Generation | null> {
  const { generate } = entry;
  if (generate === undefined) return null;
  const { model } = loaded;
  refuseCache(model.inputs, loaded.files);
  const texts = entry.inputs.filter((input) => input.kind === "text");
  const sourceName = generate.source ?? texts[0]?.name ?? model.embeddings[0]?.input ?? "";
  const source = inputNamed(sourceName, "source", model.inputs);
  const target = generate.kind === "decoder-only" ? source : targetOf(generate, model.inputs);
  const text = texts.find(({ name }) => name === source.id) ?? texts[0];
  if (text === undefined) throw invalid("There is no text for the model to read.", "an input of kind text", "none");
  const spec = (generate.kind === "encoder-decoder" ? generate.tokenizer : undefined) ?? text.tokenizer;
  const targetEmbeddings = model.embeddings.filter(({ input }) => input === target.id);
  const tokenizer = await createTokenizer(spec, baseFolder, targetEmbeddings[0]?.vocabularySize);
  const endId = idOf(generate.end, "end", tokenizer);
  const startId = generate.kind === "encoder-decoder" ? idOf(generate.start, "start", tokenizer) : null;
  const silent = new Set(startId === null ? [endId] : [startId, endId]);
  return {
    kind: generate.kind,
    source,
    target,
    targetEmbeddings,
    companions: targetCompanions(generate.kind, model.inputs, model.embeddings),
    spec,
    tokenizer,
    produce: await createTextProducer(spec, baseFolder, tokenizer, silent),
    startId,
    endId,
    maxLength: generate.maxLength,
  };
}

/** Inputs that Pathlight fills in with what has been written, so that nobody gives a sample for them. */
export function writtenInputs({ kind, target, companions }: Generation): ReadonlySet<string> {
  return new Set(kind === "decoder-only" ? [] : [target.id, ...companions.map(({ spec }) => spec.id)]);
}

/** A decoder that wants what it computed before, where that cannot be empty. */
function refuseCache(inputs: readonly NodeSpec[], files: readonly string[]): void {
  const cache = inputs.find(({ id }) => /past_key_values|use_cache_branch/.test(id));
  if (cache === undefined) return;
  throw new PathlightError(
    "model-unsupported-shape",
    "The decoder cannot be run without the keys and values of earlier steps.",
    {
      file: files.at(-1),
      expected: "a decoder that reads all that has been written at every step",
      found: `the input ${cache.id}`,
      whatToDo: "Use decoder_model.onnx or decoder_model_merged.onnx, which optimum-cli writes beside it.",
    },
  );
}

function targetCompanions(
  kind: GenerateSpec["kind"],
  inputs: readonly NodeSpec[],
  embeddings: readonly EmbeddingSpec[],
): Generation["companions"] {
  const roles = companionsOf(inputs, embeddings);
  return inputs.flatMap((spec) => {
    const ofDecoder = /^decoder[_/]/.test(spec.id) ? companionRole(spec.id.replace(/^decoder[_/]/, "")) : null;
    const role = kind === "decoder-only" ? roles.get(spec.id) : ofDecoder;
    return role === undefined || role === null ? [] : [{ spec, role }];
  });
}

function targetOf({ target }: Extract<GenerateSpec, { kind: "encoder-decoder" }>, inputs: readonly NodeSpec[]) {
  const joined = inputs.find(({ id }) => id === inDecoder(target));
  return joined ?? inputNamed(target, "target", inputs);
}

function inputNamed(name: string, field: string, inputs: readonly NodeSpec[]): NodeSpec {
  const found = inputs.find(({ id }) => id === name);
  if (found !== undefined) return found;
  throw invalid(
    `The model has no input ${JSON.stringify(name)}.`,
    `\`generate.${field}\`: one of ${inputs.map(({ id }) => id).join(", ")}`,
    JSON.stringify(name),
  );
}

function idOf(token: string, field: string, tokenizer: Tokenizer): number {
  for (let id = 0; id < tokenizer.idLimit; id++) if (tokenizer.idToToken(id)?.text === token) return id;
  throw invalid(
    `The vocabulary does not have the ${field} token.`,
    `\`generate.${field}\`: a token of the vocabulary of what is written`,
    JSON.stringify(token),
  );
}

function invalid(message: string, expected: string, found: string): PathlightError {
  return new PathlightError("manifest-invalid", message, {
    expected,
    found,
    whatToDo: "Correct `generate` in pathlight.json.",
  });
}
