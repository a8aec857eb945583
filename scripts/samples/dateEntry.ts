import type { z } from "zod";
import type { modelSchema } from "../../src/protocol/manifest.ts";
import { DATE_TOKEN_PATTERN, SOURCE_LENGTH, TARGET_LENGTH } from "./dateVocabulary.ts";

/** The manifest's entry of the date model. */
export const dateEntry: z.input<typeof modelSchema> = {
  name: "dates",
  path: "models/dates/model.json",
  format: "tfjs-layers",
  inputs: [
    {
      kind: "text",
      name: "encoder_ids",
      tokenizer: {
        type: "words",
        vocabulary: "models/dates/source-vocab.txt",
        lowercase: true,
        pattern: DATE_TOKEN_PATTERN,
        pad: "[PAD]",
        unknown: "[UNK]",
      },
      length: SOURCE_LENGTH,
    },
  ],
  link: "logit",
  baseline: "pad",
  tolerance: 0.02,
  generate: {
    kind: "encoder-decoder",
    source: "encoder_ids",
    target: "decoder_ids",
    start: "[START]",
    end: "[END]",
    tokenizer: { type: "characters", vocabulary: "models/dates/iso-vocab.txt", pad: "[PAD]" },
    maxLength: TARGET_LENGTH,
  },
};
