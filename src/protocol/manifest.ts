import * as z from "zod";

/** `pathlight.json`: what Pathlight knows about the models and data sets of a workspace. Paths are relative to the file. */

const finite = z.number().refine(Number.isFinite);
const perChannel = z.union([finite, z.array(finite).min(1).max(4)]);

export const imageInputSchema = z
  .strictObject({
    kind: z.literal("image"),
    name: z.string().min(1).optional().describe("Input of the model; needed only where it has several."),
    size: z
      .tuple([z.int().min(1).max(8192), z.int().min(1).max(8192)])
      .optional()
      .describe("Height and width in pixels. Default: the model's own input shape."),
    fit: z
      .enum(["crop", "pad", "stretch"])
      .default("crop")
      .describe("crop: fill and cut the centre. pad: fit inside and fill with `padValue`. stretch: ignore the aspect."),
    cropFraction: z
      .number()
      .gt(0)
      .max(1)
      .optional()
      .describe("Part of the shorter side that fit `crop` keeps: 0.875 for 256 pixels cut to 224. Default: all of it."),
    padValue: finite.default(0).describe("Pixel value 0-255 used by fit `pad`."),
    channels: z.enum(["rgb", "bgr", "grey"]).optional().describe("Default: grey for one channel, else rgb."),
    scale: z
      .tuple([finite, finite])
      .default([0, 1])
      .describe("What the pixel values 0 and 255 become, before mean and std: [0, 1], [-1, 1], [0, 255]."),
    mean: perChannel.optional().describe("Subtracted after scaling, one number or one a channel."),
    std: perChannel.optional().describe("Divided by after subtracting the mean, one number or one a channel."),
    layout: z.enum(["channels-last", "channels-first"]).optional().describe("Default: read from the input shape."),
  })
  .describe("A picture.");

export const byteWindowSchema = z
  .strictObject({
    head: z.int().min(0).max(65536).describe("Bytes kept of the file's start, padded on the right."),
    tail: z.int().min(0).max(65536).describe("Bytes kept of the file's end, padded on the left."),
    block: z
      .int()
      .min(1)
      .max(1_048_576)
      .default(4096)
      .describe("Bytes read at each end; what `strip` takes away is taken from them."),
    strip: z
      .boolean()
      .default(false)
      .describe("Drop blank space (ASCII) before the first byte of the start and after the last byte of the end."),
  })
  .describe("Whole files, of any type, are samples: the model sees their first bytes, then their last.");

export const tokenizerSchema = z
  .discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("words"),
      vocabulary: z.string().min(1).describe("vocab.txt (one token a line, the line number is the id) or vocab.json."),
      lowercase: z.boolean().default(true),
      pattern: z
        .string()
        .optional()
        .describe("Regular expression (flag u) that matches one token. Default: words and single punctuation marks."),
      pad: z.string().default("[PAD]"),
      unknown: z.string().default("[UNK]"),
      mask: z.string().optional().describe("Token of the MASK baseline. Default: [MASK] where the vocabulary has it."),
    }),
    z.strictObject({
      type: z.literal("characters"),
      vocabulary: z.string().min(1),
      lowercase: z.boolean().default(false),
      pad: z.string().default("[PAD]"),
      unknown: z.string().default("[UNK]"),
      mask: z.string().optional(),
    }),
    z.strictObject({
      type: z.literal("bytes"),
      offset: z.int().default(0).describe("Added to each byte value to get its id."),
      padId: z.int().min(0).default(256),
      window: byteWindowSchema.optional(),
    }),
    z.strictObject({
      type: z.literal("huggingface"),
      file: z
        .string()
        .min(1)
        .describe(
          "tokenizer.json, or the vocab.txt of a BERT; tokenizer_config.json and special_tokens_map.json are read from beside it.",
        ),
      maxLength: z
        .int()
        .min(1)
        .max(1_000_000)
        .optional()
        .describe("Most tokens of a text, special ones included. Default: what the tokenizer's files say."),
    }),
    z.strictObject({
      type: z.literal("text-vectorization"),
      vocabulary: z
        .string()
        .min(1)
        .optional()
        .describe(
          "get_vocabulary() of Keras' TextVectorization: one word a line, or a JSON list. Default: in `config`.",
        ),
      config: z
        .string()
        .min(1)
        .optional()
        .describe("get_config() of the layer as JSON; it goes before the options here."),
      standardize: z
        .enum(["lower_and_strip_punctuation", "lower", "strip_punctuation", "none"])
        .default("lower_and_strip_punctuation"),
      split: z.enum(["whitespace", "character", "none"]).default("whitespace"),
    }),
    z.strictObject({
      type: z.literal("word-index"),
      file: z
        .string()
        .min(1)
        .describe(
          "to_json() of the Tokenizer of Keras 2, which goes before the options here, or its word_index as JSON.",
        ),
      lowercase: z.boolean().default(true),
      filters: z.string().optional().describe("Characters that separate words. Default: those of Keras."),
      split: z.string().min(1).default(" "),
      characters: z.boolean().default(false).describe("`char_level`: each character is a token."),
      numWords: z.int().min(1).optional().describe("`num_words`: ids from here on are not known to the model."),
      unknown: z.string().optional().describe("`oov_token`. Default: words that are not known are left out."),
    }),
  ])
  .describe("How text becomes token ids.");

export const textInputSchema = z
  .strictObject({
    kind: z.literal("text"),
    name: z.string().min(1).optional(),
    tokenizer: tokenizerSchema,
    length: z
      .int()
      .min(1)
      .max(65536)
      .optional()
      .describe(
        "Positions; shorter texts are padded, longer ones are cut or read in windows (see `long`), and each is shown. Default: the model's.",
      ),
    padSide: z.enum(["right", "left"]).default("right"),
    truncation: z
      .enum(["longest-first", "only-first", "only-second"])
      .optional()
      .describe("Which of two texts that are read as one sequence is cut. Default: what the tokenizer's files say."),
    long: z
      .enum(["cut", "windows"])
      .optional()
      .describe(
        "How a text is read that is longer than the model takes. cut: its start alone. windows: all of it, in several windows that overlap; what is explained is the mean of the score over them. Default: cut.",
      ),
    overlap: z
      .int()
      .min(0)
      .max(65535)
      .optional()
      .describe(
        "Tokens that neighbouring windows share, with `long` windows. Default: a quarter of what a window takes.",
      ),
    hold: z
      .enum(["nothing", "padding", "special"])
      .optional()
      .describe(
        "What stays the sample's in the baseline and gets no attribution: padding, or special tokens and padding. Default: nothing but what an attention mask takes out.",
      ),
    positionOffset: z
      .int()
      .min(0)
      .max(65536)
      .optional()
      .describe(
        "For an input of position ids: that of the first token; padding has one less. RoBERTa's is 2. Default: positions count from 0, padding too.",
      ),
  })
  .describe("Text, tokenised.");

export const tensorInputSchema = z
  .strictObject({
    kind: z.literal("tensor"),
    name: z.string().min(1).optional(),
    hold: z.boolean().default(false).describe("Held at its value; not explained."),
    columns: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        "Of a row of a table: the columns that are the model's features, in its order. Default: all but the label's, in the order of the file.",
      ),
  })
  .describe("The model's own numbers, from a .npy file or a row of numbers.");

export const inputSchema = z.discriminatedUnion("kind", [imageInputSchema, textInputSchema, tensorInputSchema]);

export const linkSchema = z.enum(["logit", "softmax", "sigmoid"]);
export const formatSchema = z.enum(["tfjs-layers", "tfjs-graph", "keras-h5", "keras", "onnx"]);

/** Named starting points of the path; a number, a file path or one of these names, as in `--baseline`. */
export const baselineNames = [
  "zeros",
  "ones",
  "black",
  "white",
  "grey",
  "blurred",
  "mean",
  "zero-embedding",
  "pad",
  "mask",
  "unknown",
  "mean-embedding",
] as const;

const maxLength = z.int().min(1).max(512).default(64).describe("Most tokens that are produced; reaching it is told.");
const endToken = z.string().min(1).describe("Token that ends the text, as the vocabulary has it.");

export const generateSchema = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("encoder-decoder"),
      source: z.string().min(1).describe("Input that takes the token ids of the source."),
      target: z.string().min(1).describe("Input that takes the token ids written so far."),
      start: z.string().min(1).describe("Token that the decoder starts from, as the vocabulary has it."),
      end: endToken,
      tokenizer: tokenizerSchema.optional().describe("Of the text that is written. Default: that of the source."),
      maxLength,
      decoder: z
        .strictObject({
          path: z.string().min(1).describe("File of the decoder, relative to this file; `path` is the encoder's."),
          states: z
            .string()
            .min(1)
            .default("encoder_hidden_states")
            .describe("Input of the decoder that takes the encoder's output."),
        })
        .optional()
        .describe("Where encoder and decoder are two files."),
    })
    .describe("A source is read, and a text written from it."),
  z
    .strictObject({
      kind: z.literal("decoder-only"),
      source: z.string().min(1).optional().describe("Input that takes the token ids. Default: the only text input."),
      end: endToken,
      maxLength,
    })
    .describe("A text is continued."),
]);

export const modelSchema = z
  .strictObject({
    name: z.string().min(1).describe("What the panel calls the model."),
    path: z
      .string()
      .min(1)
      .describe("The model file, or its folder, relative to this file: model.json, .onnx, .keras or .h5."),
    format: formatSchema.optional().describe("Default: read from the file."),
    task: z
      .enum(["classification", "multi-label", "regression"])
      .optional()
      .describe("Default: classification behind a softmax, multi-label behind a sigmoid with several outputs."),
    inputs: z.array(inputSchema).min(1).describe("One entry for each input of the model."),
    labels: z
      .union([z.array(z.string()).min(1), z.string().min(1)])
      .optional()
      .describe("Class names in output order, or a file with one name a line."),
    output: z.string().min(1).optional().describe("Output node; needed only where the model has several."),
    from: z
      .string()
      .min(1)
      .optional()
      .describe("Inner node that the path runs in, where the part before it has no gradient. Default: the inputs."),
    link: linkSchema.default("logit").describe("What is explained: the logit, or the probability behind it."),
    baseline: z
      .union([finite, z.string().min(1)])
      .optional()
      .describe(
        `Where the path starts: ${baselineNames.join(", ")}, a number, or a file; for a text also text:TEXT, another text in the places of the sample's, or stop-words:LANGUAGE or stop-words:FILE, the sample with its stop words only.`,
      ),
    tolerance: z.number().gt(0).lt(1).optional().describe("Goal for both errors, as a fraction: 0.02 is 2 %."),
    generate: generateSchema
      .optional()
      .describe("For a model that writes a text: Pathlight decodes greedily and explains each token that it writes."),
    targetExpression: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .describe(
        'What is explained, as a calculation over outputs: predicted - runner_up, logit["cat"] - logit["dog"], cosine(a, b). Default: the predicted class.',
      ),
  })
  .describe("A model and how samples become its input.");

const columnsSchema = z.union([z.string().min(1), z.tuple([z.string().min(1), z.string().min(1)])]);

export const datasetSchema = z
  .strictObject({
    name: z.string().min(1),
    files: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).describe("Glob, relative to this file."),
    model: z.string().min(1).describe("Name of the model that reads these samples."),
    text: z
      .union([columnsSchema, z.record(z.string().min(1), columnsSchema)])
      .optional()
      .describe(
        "Column that holds the text; two for a pair that the model reads as one sequence; or columns by the model's input.",
      ),
    label: z.string().min(1).optional().describe("Column that holds the true label."),
  })
  .describe("Samples and the model that reads them.");

export const manifestSchema = z
  .strictObject({
    $schema: z.string().optional(),
    version: z.literal(1).default(1),
    models: z.array(modelSchema),
    datasets: z.array(datasetSchema).default([]),
  })
  .describe("Pathlight: models and data sets of this workspace.");

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestModel = z.output<typeof modelSchema>;
export type ManifestDataset = z.output<typeof datasetSchema>;
/** A column, or two whose texts the model reads as one sequence. */
export type TextColumns = z.output<typeof columnsSchema>;
export type ManifestInput = z.output<typeof inputSchema>;
export type ImageInput = z.output<typeof imageInputSchema>;
export type TextInput = z.output<typeof textInputSchema>;
export type TensorInput = z.output<typeof tensorInputSchema>;
export type ByteWindow = z.output<typeof byteWindowSchema>;
export type TokenizerSpec = z.output<typeof tokenizerSchema>;
export type GenerateSpec = z.output<typeof generateSchema>;
export type Link = z.output<typeof linkSchema>;
export type ModelFormat = z.output<typeof formatSchema>;
export type BaselineName = (typeof baselineNames)[number];
