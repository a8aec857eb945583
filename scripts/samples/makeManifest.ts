import type { z } from "zod";
import { manifestSchema } from "../../src/protocol/manifest.ts";
import { dateEntry } from "./dateEntry.ts";
import { heatingEntry } from "./heatingEntry.ts";
import { TOKEN_PATTERN } from "./questionVocabulary.ts";
import { writeJson } from "./sampleFiles.ts";

/** How the questions become token ids, for the classifier and for the encoder that is in it. */
const questionInput = {
  kind: "text",
  tokenizer: {
    type: "words",
    vocabulary: "models/question-classifier/vocab.txt",
    lowercase: true,
    pattern: TOKEN_PATTERN,
    pad: "[PAD]",
    unknown: "[UNK]",
    mask: "[MASK]",
  },
  length: 32,
} as const;

/** Writes `samples/pathlight.json` after checking it with the validator that reads it. */
export function makeManifest(): void {
  const manifest: z.input<typeof manifestSchema> = {
    version: 1,
    models: [
      {
        name: "digit-scenes",
        path: "models/digit-scenes/model.json",
        format: "tfjs-layers",
        task: "multi-label",
        inputs: [{ kind: "image", size: [48, 48], channels: "grey", scale: [0, 1] }],
        labels: "models/digit-scenes/labels.txt",
        link: "logit",
        baseline: "black",
        tolerance: 0.02,
      },
      {
        name: "question-classifier",
        path: "models/question-classifier/model.json",
        format: "tfjs-layers",
        task: "classification",
        inputs: [questionInput],
        labels: "models/question-classifier/labels.txt",
        link: "logit",
        baseline: "zero-embedding",
        tolerance: 0.01,
      },
      {
        name: "question-likeness",
        path: "models/question-classifier/model.json",
        format: "tfjs-layers",
        inputs: [questionInput],
        labels: "models/question-classifier/labels.txt",
        targetExpression: 'dot(node("a/strongest-place"), node("b/strongest-place"))',
        baseline: "zero-embedding",
        tolerance: 0.01,
      },
      {
        name: "file-type",
        path: "models/file-type/model.onnx",
        format: "onnx",
        task: "classification",
        inputs: [
          {
            kind: "text",
            tokenizer: {
              type: "bytes",
              padId: 256,
              window: { head: 1024, tail: 1024, block: 4096, strip: true },
            },
          },
        ],
        labels: "models/file-type/labels.txt",
        link: "logit",
        baseline: "pad",
        tolerance: 0.05,
      },
      dateEntry,
      heatingEntry,
    ],
    datasets: [
      { name: "scenes", files: "scenes/*.png", model: "digit-scenes" },
      {
        name: "questions",
        files: ["questions.jsonl", "questions-train.csv"],
        model: "question-classifier",
        text: "question",
        label: "type",
      },
      {
        name: "question pairs",
        files: "question-pairs.jsonl",
        model: "question-likeness",
        text: { a: "first", b: "second" },
      },
      { name: "source files", files: "code/*", model: "file-type" },
      { name: "dates", files: "dates.jsonl", model: "dates", text: "date", label: "iso" },
      { name: "homes", files: "heating.csv", model: "heating", label: "kwh" },
      { name: "plain questions", files: "questions.txt", model: "question-classifier" },
    ],
  };
  manifestSchema.parse(manifest);
  writeJson("pathlight.json", manifest);
}
