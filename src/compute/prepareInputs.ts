import { extname } from "node:path";
import { PathlightError } from "../common/errors.ts";
import type { EmbeddingSpec, NodeSpec } from "../engine/port.ts";
import { type CompanionRole, companionOf } from "../protocol/companionRole.ts";
import type { ExplainRequest, LongTextSetting, SampleRef } from "../protocol/explain.ts";
import type { ManifestInput, ManifestModel } from "../protocol/manifest.ts";
import {
  blankTokens,
  createTokenizer,
  type PreparedSample,
  prepareSample,
  type SampleContext,
} from "../samples/index.ts";
import { assignSamples, missingInput } from "./assignSamples.ts";
import { companionsOf, fillCompanion } from "./companions.ts";
import type { OpenedModel } from "./openedModel.ts";
import { renamedEmbedding } from "./renamed.ts";
import type { FeedValue } from "./runPlan.ts";
import { onSide, sides, TwinModel } from "./twin/twinModel.ts";
import { sideRequest } from "./twin/twinRequest.ts";
import { refuseWindows } from "./windows/windowLayout.ts";

/** An input of the model with what is fed to it. */
export interface PreparedInput {
  readonly spec: NodeSpec;
  readonly manifest: ManifestInput;
  readonly context: SampleContext;
  readonly prepared: PreparedSample;
  readonly embeddings: readonly EmbeddingSpec[];
  /** What it says of a text, for an input beside the token ids. */
  readonly role: CompanionRole | undefined;
  /** What was filled in without being asked for. */
  readonly note: string | undefined;
  /** The text that it is about, for an input beside token ids. */
  readonly of?: string | undefined;
}

/**
 * What each input of the model is fed: its sample, or for an input that follows from a text (see `companionsOf`) what the
 * text gives; `left`: inputs that somebody else fills. Throws what `assignSamples`, `createTokenizer` and `prepareSample` throw.
 */
export async function prepareInputs(
  request: ExplainRequest,
  opened: OpenedModel,
  signal: AbortSignal | undefined,
  left: ReadonlySet<string> = new Set(),
): Promise<PreparedInput[]> {
  if (opened.loaded.model instanceof TwinModel) return twinInputs(request, opened, opened.loaded.model, signal, left);
  const { embeddings } = opened.loaded.model;
  const inputs = opened.loaded.model.inputs.filter(({ id }) => !left.has(id));
  const companions = companionsOf(inputs, embeddings);
  const assigned = assignSamples(request.samples, inputs, (id) => companions.has(id));
  const given = new Map<string, PreparedInput>();
  for (const { spec, sample } of assigned) {
    if (sample === null) continue;
    const input = await prepareInput(spec, sample, companions, opened, request.settings.long, signal);
    given.set(spec.id, withBlanks(input, request.blanked));
  }
  const texts = [...given.values()].filter(({ role, prepared }) => role === undefined && prepared.kind === "text");
  const textNames = texts.map(({ spec }) => spec.id);
  return assigned.map(({ spec }) => {
    const known = given.get(spec.id);
    const role = companions.get(spec.id);
    const of = role === undefined ? undefined : (companionOf(spec.id, textNames) ?? undefined);
    const read = texts.find((candidate) => candidate.spec.id === of);
    const text = read?.prepared;
    if (known !== undefined) {
      if (role !== undefined && text?.kind === "text" && text.windows !== undefined) throw givenBesideWindows(spec.id);
      return { ...known, of };
    }
    if (role === undefined || text?.kind !== "text") throw missingInput(spec.id, request.samples, inputs);
    const { prepared, note } = fillCompanion(spec.id, role, text, read?.manifest);
    const context: SampleContext = { inputShape: spec.shape.slice(1), integer: true, signal };
    return {
      spec,
      manifest: { kind: "tensor", hold: true },
      context,
      prepared,
      embeddings: [],
      role,
      note,
      of,
    };
  });
}

/** Both texts as the encoder reads each by itself. */
async function twinInputs(
  request: ExplainRequest,
  opened: OpenedModel,
  { inner }: TwinModel,
  signal: AbortSignal | undefined,
  left: ReadonlySet<string>,
): Promise<PreparedInput[]> {
  const found: PreparedInput[] = [];
  for (const side of sides) {
    const one = { ...opened, loaded: { ...opened.loaded, model: inner } };
    const inputs = await prepareInputs(sideRequest(request, side), one, signal, left);
    refuseWindows(inputs, "Two texts for one encoder are");
    for (const input of inputs) {
      const embeddings = input.embeddings.map((each) => renamedEmbedding(each, (id) => onSide(side, id)));
      const of = input.of === undefined ? undefined : onSide(side, input.of);
      found.push({ ...input, spec: { ...input.spec, id: onSide(side, input.spec.id) }, embeddings, of });
    }
  }
  return found;
}

/** What follows from the text, such as its mask, then follows from the text with its blanks. */
function withBlanks(input: PreparedInput, blanked: ExplainRequest["blanked"]): PreparedInput {
  const wanted = blanked?.find((entry) => entry.input === input.spec.id);
  if (wanted === undefined) return input;
  return { ...input, prepared: blankTokens(input.prepared, wanted.tokens, input.context.tokenizer) };
}

async function prepareInput(
  spec: NodeSpec,
  sample: SampleRef,
  companions: ReadonlyMap<string, CompanionRole>,
  { loaded, entry, baseFolder }: OpenedModel,
  long: LongTextSetting | undefined,
  signal: AbortSignal | undefined,
): Promise<PreparedInput> {
  const { model } = loaded;
  const role = companions.get(spec.id);
  const embeddings = model.embeddings.filter(({ input }) => input === spec.id);
  const described = descriptionOf(spec.id, entry, model.inputs, companions);
  if (embeddings.length > 0 && role === undefined) refuseWithoutTokenizer(described, sample);
  const context: SampleContext = {
    inputShape: spec.shape.slice(1),
    integer: spec.dtype === "int32" || embeddings.length > 0,
    vocabularyLimit: embeddings[0]?.vocabularySize,
    tokenizer:
      described.kind === "text"
        ? await createTokenizer(described.tokenizer, baseFolder, embeddings[0]?.vocabularySize)
        : undefined,
    label: sample.kind === "file" ? sample.labelColumn : undefined,
    long: longText(described, long),
    signal,
  };
  const prepared = await prepareSample(sample, described, context);
  return { spec, manifest: described, context, prepared, embeddings, role, note: undefined };
}

/** What the request says goes before what the manifest says. */
function longText(described: ManifestInput, asked: LongTextSetting | undefined): SampleContext["long"] {
  if (described.kind !== "text") return undefined;
  const { long = "cut", overlap } = described;
  const kind = asked?.kind ?? long;
  const own = asked?.kind === "windows" ? asked.overlap : undefined;
  return kind === "cut" ? { kind } : { kind, overlap: own ?? overlap };
}

/** `usage`: an input beside a text in windows has a row for each of them, which only the text can say. */
function givenBesideWindows(id: string): PathlightError {
  return new PathlightError("usage", `The input ${id} cannot be given for a text that is read in windows.`, {
    expected: "nothing: it follows from the text of each window",
    found: `a sample for ${id}`,
    whatToDo: "Leave it out, or read the text cut.",
  });
}

/** The manifest's entry of an input: by name, else the entries in order to the inputs that do not follow from a text. */
function descriptionOf(
  id: string,
  entry: ManifestModel,
  inputs: readonly NodeSpec[],
  companions: ReadonlyMap<string, CompanionRole>,
): ManifestInput {
  const named = entry.inputs.find(({ name }) => name === id);
  if (named !== undefined) return named;
  const plain: ManifestInput = { kind: "tensor", hold: companions.has(id) };
  if (companions.has(id)) return plain;
  const free = inputs.filter((input) => !companions.has(input.id));
  const unnamed = companions.size === 0 ? entry.inputs : entry.inputs.filter(({ name }) => name === undefined);
  return unnamed[free.findIndex((input) => input.id === id)] ?? plain;
}

/** Ids of a model that starts with an embedding are tokens, also where nobody has described a tokenizer. */
function refuseWithoutTokenizer(described: ManifestInput, sample: SampleRef): void {
  if (described.kind === "text" || (sample.kind === "file" && extname(sample.path).toLowerCase() === ".npy")) return;
  throw new PathlightError("tokenizer-invalid", "The model reads token ids, and no tokenizer is known for it.", {
    file: sample.kind === "file" ? sample.path : undefined,
    expected: "an input of kind text with a tokenizer in pathlight.json, or a .npy file with token ids",
    found: `an input of kind ${described.kind}`,
    whatToDo: "Describe the tokenizer in pathlight.json; a vocab.txt beside the model is found by itself.",
  });
}

/** Whether the path runs through the input; what cannot be interpolated is held. */
export function isExplained({ spec, manifest, embeddings, role }: PreparedInput): boolean {
  if (manifest.kind === "tensor" && manifest.hold) return false;
  if (role !== undefined && manifest.kind !== "text") return false;
  return embeddings.length > 0 || spec.dtype === "float32";
}

export function feedOf({ spec, prepared }: PreparedInput): FeedValue {
  const { shape, data } = prepared.tensor;
  const dtype = spec.dtype === "bool" ? "bool" : data instanceof Int32Array ? "int32" : "float32";
  return { node: spec.id, shape, data, dtype };
}
