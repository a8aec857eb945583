import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "../../scripts/workbench/install.ts";
import type { Manifest, ManifestModel } from "../../src/protocol/manifest.ts";

/** Copies the sample workspace to where a test may change it. */
export async function copySamples(folder: string): Promise<string> {
  await cp(join(repository, "samples"), folder, { recursive: true });
  return folder;
}

/**
 * Adds `steep/`: a picture and questions of the sample workspace whose manifest asks for the probability instead of the
 * logit. Its score jumps within a small part of the path, so that few evaluations give a map that does not add up.
 */
export async function addSteepFolder(workspace: string): Promise<string> {
  const folder = join(workspace, "steep");
  await mkdir(folder, { recursive: true });
  await cp(join(workspace, "scenes", "0007.png"), join(folder, "scene.png"));
  await cp(join(workspace, "questions.jsonl"), join(folder, "questions.jsonl"));
  const manifest = JSON.parse(await readFile(join(workspace, "pathlight.json"), "utf8")) as Manifest;
  const models = manifest.models.map((model) => ({
    ...fromBelow(model),
    link: model.name === "digit-scenes" ? "sigmoid" : "softmax",
  }));
  const datasets = [
    { name: "steep scenes", files: "*.png", model: "digit-scenes" },
    { name: "steep questions", files: "*.jsonl", model: "question-classifier", text: "question" },
  ];
  await writeFile(join(folder, "pathlight.json"), JSON.stringify({ version: 1, models, datasets }, null, 2));
  return folder;
}

/**
 * Adds `typing/`, an empty folder in which the question classifier is the only model: any text in it is a question, whatever
 * else the sample workspace has.
 */
export async function addTypingFolder(workspace: string): Promise<string> {
  const folder = join(workspace, "typing");
  await mkdir(folder, { recursive: true });
  const manifest = JSON.parse(await readFile(join(workspace, "pathlight.json"), "utf8")) as Manifest;
  const models = manifest.models.filter(({ name }) => name === "question-classifier").map(fromBelow);
  await writeFile(join(folder, "pathlight.json"), JSON.stringify({ version: 1, models, datasets: [] }, null, 2));
  return folder;
}

/** An entry of the workspace's manifest as a folder of it has to say it. */
function fromBelow(model: ManifestModel): ManifestModel {
  return {
    ...model,
    path: `../${model.path}`,
    ...(typeof model.labels === "string" ? { labels: `../${model.labels}` } : {}),
    inputs: model.inputs.map((input) =>
      input.kind === "text" && "vocabulary" in input.tokenizer
        ? { ...input, tokenizer: { ...input.tokenizer, vocabulary: `../${input.tokenizer.vocabulary}` } }
        : input,
    ),
  };
}
