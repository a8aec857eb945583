import * as z from "zod";

const idsSchema = z.union([z.int().min(0), z.array(z.int().min(0)).min(1)]);

/** What `config.json` and `generation_config.json` of Hugging Face's transformers say of writing. */
export const writingSchema = z.looseObject({
  is_encoder_decoder: z.boolean().nullish(),
  eos_token_id: idsSchema.nullish(),
  bos_token_id: z.int().min(0).nullish(),
  decoder_start_token_id: z.int().min(0).nullish(),
  forced_bos_token_id: z.int().min(0).nullish(),
  forced_decoder_ids: z.array(z.unknown()).nullish(),
  max_new_tokens: z.int().min(1).nullish(),
  do_sample: z.boolean().nullish(),
  num_beams: z.number().nullish(),
  repetition_penalty: z.number().nullish(),
  no_repeat_ngram_size: z.number().nullish(),
  bad_words_ids: z.array(z.unknown()).nullish(),
  suppress_tokens: z.array(z.unknown()).nullish(),
  begin_suppress_tokens: z.array(z.unknown()).nullish(),
});

export interface HuggingFaceWriting {
  readonly kind: "encoder-decoder" | "decoder-only";
  /** Ids; several where the text may end in more than one way, none where the files do not say. */
  readonly end: readonly number[];
  readonly start: number | null;
  readonly maxLength: number | null;
  /** Settings that impose tokens, which Pathlight does not. */
  readonly forced: readonly string[];
  /** Settings by which the library may write another text than the likeliest token each time. */
  readonly unfollowed: readonly string[];
}

/** What a model writes by; null: its architecture writes nothing. What stands in `generation` goes before `config`. */
export function writingOf(
  architectures: readonly string[],
  config: z.output<typeof writingSchema>,
  generation: z.output<typeof writingSchema> | null,
): HuggingFaceWriting | null {
  const given = Object.entries(generation ?? {}).filter(([, value]) => value !== null);
  const all: z.output<typeof writingSchema> = { ...config, ...Object.fromEntries(given) };
  const both = config.is_encoder_decoder === true;
  const writes = both ? /(ForConditionalGeneration|MTModel)$/ : /(ForCausalLM|LMHeadModel)$/;
  if (!architectures.some((name) => writes.test(name))) return null;
  const { eos_token_id: end, max_new_tokens: most } = all;
  const isSet: Readonly<Record<string, boolean>> = {
    do_sample: all.do_sample === true,
    num_beams: (all.num_beams ?? 1) > 1,
    repetition_penalty: (all.repetition_penalty ?? 1) !== 1,
    no_repeat_ngram_size: (all.no_repeat_ngram_size ?? 0) > 0,
    bad_words_ids: (all.bad_words_ids ?? []).length > 0,
    suppress_tokens: (all.suppress_tokens ?? []).length > 0,
    begin_suppress_tokens: (all.begin_suppress_tokens ?? []).length > 0,
  };
  return {
    kind: both ? "encoder-decoder" : "decoder-only",
    end: end === null || end === undefined ? [] : [end].flat(),
    start: both ? (all.decoder_start_token_id ?? all.bos_token_id ?? null) : null,
    maxLength: most !== null && most !== undefined && most <= 512 ? most : null,
    forced: [
      ...(typeof all.forced_bos_token_id === "number" ? ["forced_bos_token_id"] : []),
      ...((all.forced_decoder_ids ?? []).length > 0 ? ["forced_decoder_ids"] : []),
    ],
    unfollowed: Object.keys(isSet).filter((name) => isSet[name]),
  };
}
