import { PathlightError } from "../../common/errors.ts";
import type { Token } from "../../protocol/explanation.ts";
import type { ManifestInput } from "../../protocol/manifest.ts";
import type { PreparedSample, SampleContext } from "../../samples/index.ts";
import { fillCompanion } from "../companions.ts";
import type { PreparedInput } from "../prepareInputs.ts";
import type { Generation } from "./generation.ts";

type PreparedTextSample = Extract<PreparedSample, { kind: "text" }>;

/** What the model is fed when so many tokens have been written. */
export interface Prefix {
  readonly inputs: readonly PreparedInput[];
  /** Row of the output that says the next token. */
  readonly position: number;
  /** Positions of the target input that hold what had been written, in order. */
  readonly written: readonly number[];
}

/**
 * The inputs of the model after the tokens `ids` have been written: those of the source as they are, and what has been
 * written in the input for it. Null where the model has no room for them. `explained`: the path runs through what has
 * been written too.
 */
export function prefixInputs(
  generation: Generation,
  sources: readonly PreparedInput[],
  ids: readonly number[],
  explained: boolean,
  signal: AbortSignal | undefined,
): Prefix | null {
  return generation.kind === "decoder-only"
    ? continued(generation, sources, ids)
    : decoderFed(generation, sources, ids, explained, signal);
}

function decoderFed(
  generation: Generation,
  sources: readonly PreparedInput[],
  ids: readonly number[],
  explained: boolean,
  signal: AbortSignal | undefined,
): Prefix | null {
  const { target, tokenizer, startId, spec, companions } = generation;
  const { text, tokens } = read(generation, ids);
  const id = startId ?? 0;
  const start: Token = { text: tokenizer.idToToken(id)?.text ?? "", id, start: 0, end: 0, special: "other", word: -1 };
  const all = padded([start, ...tokens], target.shape[1] ?? null, "right", text.length, generation);
  const [first] = sources;
  if (first === undefined) throw new PathlightError("internal", "There is no source.");
  if (all === null) return null;
  const sample: PreparedTextSample = { ...asSample(text, all), info: { ...first.prepared.info, column: null } };
  const context: SampleContext = {
    inputShape: target.shape.slice(1),
    integer: true,
    tokenizer,
    vocabularyLimit: generation.targetEmbeddings[0]?.vocabularySize,
    signal,
  };
  const manifest: ManifestInput = explained
    ? { kind: "text", tokenizer: spec, padSide: "right" }
    : { kind: "tensor", hold: true };
  const written: PreparedInput = {
    spec: target,
    manifest,
    context,
    prepared: sample,
    embeddings: generation.targetEmbeddings,
    role: undefined,
    note: `${target.id} holds what had been written before; it is held, not explained.`,
  };
  return {
    inputs: [...sources, written, ...companions.map((beside) => companion(beside, sample, context, written))],
    position: ids.length,
    written: ids.map((_, at) => at + 1),
  };
}

/** What has been written, as the model reads it: a padding token that it wrote itself is a token like any other. */
function read({ produce }: Generation, ids: readonly number[]): ReturnType<Generation["produce"]> {
  const { text, tokens } = produce(ids);
  return { text, tokens: tokens.map((token) => (token.special === "pad" ? { ...token, special: "other" } : token)) };
}

/** The text with what has been written after it, in one input. */
function continued(generation: Generation, sources: readonly PreparedInput[], ids: readonly number[]): Prefix | null {
  const { source, companions, endId } = generation;
  const own = sources.find(({ spec }) => spec.id === source.id);
  if (own === undefined || own.prepared.kind !== "text") return null;
  const { prepared } = own;
  const prompt = promptTokens(prepared, endId);
  const { text, tokens } = read(generation, ids);
  const from = prepared.text.length;
  const words = Math.max(-1, ...prompt.map(({ word }) => word)) + 1;
  const moved = tokens.map((token) => ({
    ...token,
    start: token.start + from,
    end: token.end + from,
    word: token.word < 0 ? token.word : token.word + words,
  }));
  const side = own.manifest.kind === "text" ? own.manifest.padSide : "right";
  const core = [...prompt, ...moved];
  const all = padded(core, source.shape[1] ?? null, side, from + text.length, generation);
  if (all === null) return null;
  const first = side === "left" ? all.length - core.length : 0;
  const encoded = { ...prepared.encoded, ...asSample(prepared.text + text, all).encoded };
  // What was written stands behind the sample's own fields, in none of them.
  const { fields } = prepared;
  const sample: PreparedTextSample = { ...prepared, ...asSample(prepared.text + text, all), encoded, fields };
  const input: PreparedInput = { ...own, prepared: sample };
  const inputs = sources.map((other): PreparedInput => {
    if (other.spec.id === source.id) return input;
    const beside = companions.find(({ spec }) => spec.id === other.spec.id);
    return beside === undefined ? other : companion(beside, sample, other.context, own);
  });
  return {
    inputs,
    position: first + core.length - 1,
    written: ids.map((_, at) => first + prompt.length + at),
  };
}

/** The tokens of a prompt without padding, and without an end that the tokenizer puts after every text. */
export function promptTokens(prepared: PreparedTextSample, endId: number): Token[] {
  const read = prepared.encoded.tokens.filter(({ special }) => special !== "pad");
  while (read.length > 1 && read.at(-1)?.id === endId && read.at(-1)?.start === read.at(-1)?.end) read.pop();
  return read;
}

function companion(
  { spec, role }: Generation["companions"][number],
  text: PreparedTextSample,
  context: SampleContext,
  of: PreparedInput,
): PreparedInput {
  const { prepared, note } = fillCompanion(spec.id, role, text, of.manifest);
  const manifest = { kind: "tensor", hold: true } as const;
  return { spec, manifest, context, prepared, embeddings: [], role, note, of: of.spec.id };
}

function asSample(text: string, tokens: readonly Token[]): Omit<PreparedTextSample, "info"> {
  const ids = Int32Array.from(tokens, ({ id }) => id);
  const unknownCount = tokens.filter(({ special }) => special === "unknown").length;
  return {
    kind: "text",
    tensor: { shape: [ids.length], data: ids },
    text,
    encoded: { ids, tokens: [...tokens], truncatedFrom: null, gap: null, unknownCount, types: undefined },
    fields: [{ name: null, start: 0, end: text.length }],
    notes: [],
  };
}

/** Null where there are more tokens than positions. */
function padded(
  tokens: readonly Token[],
  length: number | null,
  side: "left" | "right",
  end: number,
  { tokenizer, target }: Generation,
): Token[] | null {
  const missing = (length ?? tokens.length) - tokens.length;
  if (missing < 0) return null;
  if (missing === 0) return [...tokens];
  const id = tokenizer.padId;
  if (id === null) {
    throw new PathlightError("tokenizer-invalid", "The vocabulary has no padding token.", {
      expected: `one, because the input ${target.id} of the model always takes ${length} tokens`,
      found: "none",
      whatToDo: "Name the padding token as `pad` of the tokenizer in pathlight.json.",
    });
  }
  const at = side === "right" ? end : 0;
  const pad: Token = {
    text: tokenizer.idToToken(id)?.text ?? "[PAD]",
    id,
    start: at,
    end: at,
    special: "pad",
    word: -1,
  };
  const pads = Array.from({ length: missing }, () => pad);
  return side === "right" ? [...tokens, ...pads] : [...pads, ...tokens];
}
