import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { PathlightError } from "../../../common/errors.ts";

/** What Pathlight reads of `tokenizer.json`, the file of Hugging Face's `tokenizers`; other fields pass. */

const patternSchema = z.union([z.object({ String: z.string() }), z.object({ Regex: z.string() })]);

const simpleNormalizerSchema = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("BertNormalizer"),
    clean_text: z.boolean().default(true),
    handle_chinese_chars: z.boolean().default(true),
    strip_accents: z.boolean().nullish(),
    lowercase: z.boolean().default(true),
  }),
  z.looseObject({ type: z.enum(["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt"]) }),
  z.looseObject({ type: z.literal("Precompiled"), precompiled_charsmap: z.string().nullish() }),
  z.looseObject({
    type: z.literal("Strip"),
    strip_left: z.boolean().default(true),
    strip_right: z.boolean().default(true),
  }),
  z.looseObject({ type: z.literal("Replace"), pattern: patternSchema, content: z.string() }),
  z.looseObject({ type: z.literal("Prepend"), prepend: z.string() }),
]);

const simplePreTokenizerSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.enum(["BertPreTokenizer", "Whitespace", "WhitespaceSplit"]) }),
  z.looseObject({
    type: z.literal("ByteLevel"),
    add_prefix_space: z.boolean().default(true),
    use_regex: z.boolean().default(true),
  }),
  z.looseObject({
    type: z.literal("Metaspace"),
    replacement: z.string().default("\u2581"),
    prepend_scheme: z.enum(["always", "never", "first"]).optional(),
    add_prefix_space: z.boolean().optional(),
    split: z.boolean().default(true),
  }),
  z.looseObject({ type: z.literal("Digits"), individual_digits: z.boolean().default(false) }),
  z.looseObject({ type: z.literal("Punctuation"), behavior: z.string().default("Isolated") }),
  z.looseObject({ type: z.literal("CharDelimiterSplit"), delimiter: z.string() }),
  z.looseObject({
    type: z.literal("Split"),
    pattern: patternSchema,
    behavior: z.string(),
    invert: z.boolean().default(false),
  }),
]);

export type Normalizer = z.output<typeof simpleNormalizerSchema> | { type: "Sequence"; normalizers: Normalizer[] };
export type PreTokenizer =
  | z.output<typeof simplePreTokenizerSchema>
  | { type: "Sequence"; pretokenizers: PreTokenizer[] };

const normalizerSchema: z.ZodType<Normalizer> = z.lazy(() =>
  z.union([simpleNormalizerSchema, z.object({ type: z.literal("Sequence"), normalizers: z.array(normalizerSchema) })]),
);
const preTokenizerSchema: z.ZodType<PreTokenizer> = z.lazy(() =>
  z.union([
    simplePreTokenizerSchema,
    z.object({ type: z.literal("Sequence"), pretokenizers: z.array(preTokenizerSchema) }),
  ]),
);

const addedTokenSchema = z.looseObject({
  id: z.int().min(0),
  content: z.string().min(1),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().optional(),
  special: z.boolean().default(false),
});

const modelSchema = z.looseObject({
  type: z.enum(["WordPiece", "BPE", "Unigram", "WordLevel"]).optional(),
  vocab: z.union([z.record(z.string(), z.int().min(0)), z.array(z.tuple([z.string(), z.number()]))]),
  unk_token: z.string().nullish(),
  unk_id: z.int().nullish(),
  byte_fallback: z.boolean().nullish(),
  ignore_merges: z.boolean().nullish(),
  fuse_unk: z.boolean().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
  max_input_chars_per_word: z.int().nullish(),
  dropout: z.number().nullish(),
});

const tokenizerSchema = z.looseObject({
  normalizer: normalizerSchema.nullish(),
  pre_tokenizer: preTokenizerSchema.nullish(),
  post_processor: z.unknown(),
  added_tokens: z.array(addedTokenSchema).default([]),
  truncation: z
    .looseObject({ max_length: z.int().min(1), strategy: z.string().optional(), direction: z.string().optional() })
    .nullish(),
  padding: z.looseObject({ pad_id: z.int(), pad_token: z.string(), direction: z.string().optional() }).nullish(),
  model: modelSchema,
});

const token = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
  .nullish();

/** `tokenizer_config.json` and `special_tokens_map.json` name the special tokens. */
const configSchema = z.looseObject({
  pad_token: token,
  unk_token: token,
  mask_token: token,
  eos_token: token,
  model_max_length: z.number().nullish(),
  /** These three of a BERT tokenizer go before its normaliser. */
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
});

export type AddedToken = z.output<typeof addedTokenSchema>;
export type TokenizerModel = z.output<typeof modelSchema>;
export type TokenizerJson = z.output<typeof tokenizerSchema>;
export type TokenizerConfig = z.output<typeof configSchema>;

export interface TokenizerFiles {
  readonly file: string;
  readonly tokenizer: TokenizerJson;
  /** The same file as it was parsed, for the library. */
  readonly raw: object;
  readonly config: TokenizerConfig;
}

/** Reads `tokenizer.json`, or the `vocab.txt` of a BERT, and what lies beside it. Throws `tokenizer-invalid`. */
export async function readTokenizerFiles(file: string): Promise<TokenizerFiles> {
  const raw = file.endsWith(".txt") ? await bertTokenizer(file) : await readJson(file);
  if (raw === null) throw unreadable(file, "no such file");
  const tokenizer = parse(tokenizerSchema, raw, file);
  refuseUnread(tokenizer.model, file);
  const folder = dirname(file);
  const beside = async (name: string): Promise<TokenizerConfig> => {
    const path = join(folder, name);
    const value = await readJson(path);
    return value === null ? {} : parse(configSchema, value, path);
  };
  const map = await beside("special_tokens_map.json");
  const config = { ...map, ...(await beside("tokenizer_config.json")) };
  return { file, tokenizer: { ...tokenizer, normalizer: configured(tokenizer.normalizer, config) }, raw, config };
}

/** Options of a model that would make it cut otherwise than ours does. */
function refuseUnread({ type, dropout, continuing_subword_prefix: prefix }: TokenizerModel, file: string): void {
  if (type !== "BPE" && type !== undefined) return;
  if (dropout) throw unread(file, `BPE: dropout ${dropout}, which cuts a text by chance`);
  if (type === "BPE" && prefix) throw unread(file, `BPE: continuing_subword_prefix ${JSON.stringify(prefix)}`);
}

/** As transformers do: the configuration of a BERT tokenizer goes before what `tokenizer.json` was saved with. */
function configured(normalizer: TokenizerJson["normalizer"], config: TokenizerConfig): TokenizerJson["normalizer"] {
  if (normalizer?.type !== "BertNormalizer") return normalizer;
  return {
    ...normalizer,
    lowercase: config.do_lower_case ?? normalizer.lowercase,
    strip_accents: config.strip_accents ?? normalizer.strip_accents,
    handle_chinese_chars: config.tokenize_chinese_chars ?? normalizer.handle_chinese_chars,
  };
}

/** What `BertTokenizer` makes of a vocabulary with one token a line. */
async function bertTokenizer(file: string): Promise<object | null> {
  const text = await readText(file);
  if (text === null) return null;
  const tokens = text.split(/\r?\n/);
  if (tokens.at(-1) === "") tokens.pop();
  const vocab = Object.fromEntries(tokens.map((content, id) => [content, id]));
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].filter((content) => content in vocab);
  return {
    added_tokens: special.map((content) => ({ id: vocab[content], content, special: true, normalized: false })),
    normalizer: { type: "BertNormalizer" },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "BertProcessing",
      sep: ["[SEP]", vocab["[SEP]"]],
      cls: ["[CLS]", vocab["[CLS]"]],
    },
    model: { type: "WordPiece", vocab, unk_token: "[UNK]", continuing_subword_prefix: "##" },
  };
}

/** Null: there is none. */
async function readText(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

async function readJson(file: string): Promise<object | null> {
  const text = await readText(file);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw unreadable(file, "JSON that is no object");
}

function parse<T>(schema: z.ZodType<T>, value: object, file: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const type = issue === undefined ? undefined : typeAt(value, issue.path);
  throw unread(
    file,
    `${type === undefined ? "" : `${type}: `}${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}`,
  );
}

function unread(file: string, found: string): PathlightError {
  return new PathlightError("tokenizer-invalid", "The tokenizer is of a kind that Pathlight does not read.", {
    file,
    expected: "WordPiece, BPE, Unigram or WordLevel with the usual normalisers and pre-tokenisers",
    found,
    whatToDo: "Save the token ids as .npy and explain those.",
  });
}

/** The name of the part that is not known. */
function typeAt(value: unknown, path: readonly PropertyKey[]): string | undefined {
  let inner: unknown = value;
  let found: string | undefined;
  for (const key of [...path, ""]) {
    if (typeof inner !== "object" || inner === null) break;
    if ("type" in inner && typeof inner.type === "string") found = inner.type;
    inner = Object.entries(inner).find(([name]) => name === String(key))?.[1];
  }
  return found;
}

function unreadable(file: string, found: string, cause?: unknown): PathlightError {
  return new PathlightError(
    "tokenizer-invalid",
    "The tokenizer cannot be read.",
    {
      file,
      expected: "tokenizer.json as Hugging Face's tokenizers write it",
      found,
      whatToDo: "Correct `file` of the tokenizer in pathlight.json; its path is relative to that file.",
    },
    cause,
  );
}
