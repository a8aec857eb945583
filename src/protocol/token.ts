import * as z from "zod";

/** One token of a text. */
export const tokenSchema = z.strictObject({
  text: z.string(),
  id: z.int(),
  /** UTF-16 offsets in the original text; both equal for tokens that stand for nothing in it. */
  start: z.int(),
  end: z.int(),
  special: z.enum(["none", "pad", "unknown", "mask", "other"]),
  /** Index of the word that the token belongs to; tokens of one word are merged by sum. -1: none. */
  word: z.int(),
});

export type Token = z.output<typeof tokenSchema>;
