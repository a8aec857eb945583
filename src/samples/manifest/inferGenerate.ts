import { basename } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { GenerateSpec, ManifestInput } from "../../protocol/manifest.ts";
import { createTokenizer } from "../tokenizer/createTokenizer.ts";
import type { HuggingFaceFolder } from "./huggingFaceFolder.ts";
import type { HuggingFaceWriting } from "./writingConfig.ts";

/** The first that is there: it reads everything at each step, or does so without its cache. */
const decoderFiles = ["decoder_model.onnx", "decoder_model_merged.onnx"];

interface Writer {
  readonly path: string;
  readonly inputs: readonly { readonly id: string }[];
  readonly outputs: readonly { readonly shape: readonly (number | null)[] }[];
  readonly embeddings: readonly { readonly input: string; readonly vocabularySize: number }[];
}

/**
 * `generate` of a model in Hugging Face's layout that writes a text; undefined where it writes none, or where the files
 * leave open how: a note then names what is missing.
 */
export async function inferGenerate(
  model: Writer,
  inputs: readonly ManifestInput[],
  layout: HuggingFaceFolder | null,
  { baseFolder, beside }: { readonly baseFolder: string; readonly beside: readonly string[] },
  notes: string[],
): Promise<GenerateSpec | undefined> {
  const writing = layout?.writing ?? null;
  const text = inputs.find((input) => input.kind === "text");
  if (layout === null || writing === null || text?.kind !== "text") return undefined;
  const refuse = (reason: string): undefined => {
    notes.push(`The model writes texts, but how is not known: ${reason} Describe \`generate\` in pathlight.json.`);
  };
  const source = text.name ?? model.inputs[0]?.id ?? "";
  const parts = partsOf(writing, model, beside);
  if (parts.kind === "none") return parts.reason === null ? undefined : refuse(parts.reason);
  if (writing.forced.length > 0) return refuse(`its configuration imposes tokens (${writing.forced.join(", ")}).`);
  if (writing.end.length !== 1) {
    return refuse(
      writing.end.length === 0
        ? "its configuration has no eos_token_id."
        : `its configuration has several end tokens (eos_token_id: ${writing.end.join(", ")}).`,
    );
  }
  const vocabularySize = model.embeddings.find(({ input }) => input === source)?.vocabularySize;
  let tokenOf: (id: number) => string | undefined;
  try {
    const tokenizer = await createTokenizer(text.tokenizer, baseFolder, vocabularySize);
    tokenOf = (id) => tokenizer.idToToken(id)?.text;
  } catch (thrown) {
    if (!(thrown instanceof PathlightError)) throw thrown;
    return refuse(`its tokenizer cannot be read: ${thrown.message}`);
  }
  const end = tokenOf(writing.end[0] ?? 0);
  if (end === undefined) return refuse(`the vocabulary has no token ${writing.end[0]}, its eos_token_id.`);
  const maxLength = writing.maxLength ?? 64;
  if (writing.unfollowed.length > 0) {
    notes.push(
      `Its configuration asks for ${writing.unfollowed.join(", ")}, which is not followed: the likeliest token is taken each time.`,
    );
  }
  if (parts.kind === "decoder-only") {
    notes.push(`The text is continued up to ${end}, or by ${maxLength} tokens, as ${layout.config} says.`);
    return { kind: "decoder-only", source, end, maxLength };
  }
  if (writing.start === null) return refuse("its configuration has no decoder_start_token_id.");
  const start = tokenOf(writing.start);
  if (start === undefined) return refuse(`the vocabulary has no token ${writing.start}, its decoder_start_token_id.`);
  notes.push(
    `A text is written by ${parts.decoder} from ${start} up to ${end}, or ${maxLength} tokens, as ${layout.config} says.`,
  );
  const decoder = { path: parts.decoder, states: "encoder_hidden_states" };
  return { kind: "encoder-decoder", source, target: "input_ids", start, end, maxLength, decoder };
}

type Parts =
  | { readonly kind: "decoder-only" }
  | { readonly kind: "encoder-decoder"; readonly decoder: string }
  /** `reason` null: the file is no writer, only made from one. */
  | { readonly kind: "none"; readonly reason: string | null };

function partsOf(
  { kind }: HuggingFaceWriting,
  { path, outputs, embeddings }: Writer,
  beside: readonly string[],
): Parts {
  const shape = outputs[0]?.shape ?? [];
  if (kind === "decoder-only") {
    const scores = shape.length === 3 && embeddings.some(({ vocabularySize }) => vocabularySize === shape[2]);
    return scores ? { kind } : { kind: "none", reason: null };
  }
  const file = basename(path);
  if (/^decoder_/.test(file))
    return { kind: "none", reason: `${file} is the decoder alone; choose encoder_model.onnx.` };
  if (!/^encoder_model/.test(file)) return { kind: "none", reason: "encoder and decoder are not two files." };
  const decoder = decoderFiles.find((name) => beside.includes(name));
  if (decoder !== undefined) return { kind, decoder };
  return { kind: "none", reason: `there is no ${decoderFiles.join(" or ")} beside ${file}.` };
}
