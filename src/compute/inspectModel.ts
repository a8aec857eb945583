import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import type { NodeSpec } from "../engine/port.ts";
import { type GradientObstacles, gradientObstacles } from "../models/gradientObstacles.ts";
import { unsupportedOps } from "../models/graph/unsupportedOps.ts";
import { nameOfModel } from "../models/loadModel.ts";
import type { ModelOutline, OutlineNode } from "../models/modelOutline.ts";
import { outlineModel } from "../models/outlineModel.ts";
import { companionRole } from "../protocol/companionRole.ts";
import type { BackendInfo } from "../protocol/explanation.ts";
import type { InspectedInput, InspectedNode, Inspection } from "../protocol/inspection.ts";
import type { ManifestModel } from "../protocol/manifest.ts";
import { companionFiles, guessLayout, type UnknownModel } from "../samples/index.ts";
import { cacheNotes } from "./cacheNote.ts";
import type { OpenedModel } from "./openedModel.ts";
import { chooseHead, taskOf } from "./target.ts";

/**
 * Everything that can be told of a model: read off the loaded model, and where it cannot be built, off the structure in
 * its file, with the reason. Throws what loading threw where there is no structure to show either. A backend is active.
 */
export async function inspectModel(
  path: string,
  backend: BackendInfo["name"],
  open: () => Promise<OpenedModel>,
  signal: AbortSignal | undefined,
): Promise<Inspection> {
  let opened: OpenedModel;
  try {
    opened = await open();
  } catch (error) {
    if (!(error instanceof PathlightError) || error.code === "cancelled") throw error;
    return inspectOutline(path, error, signal);
  }
  throwIfCancelled(signal);
  const { model } = opened.loaded;
  const obstacles: GradientObstacles =
    backend === "cpu" && model.parameterCount > MOST_ON_CPU
      ? { tried: false, reason: "Plain JavaScript is too slow for a gradient of this model." }
      : gradientObstacles(model);
  return inspectLoaded(path, opened, obstacles);
}

/** A gradient of MobileNetV2 takes half a minute in plain JavaScript, and nobody who only looks waits for it. */
const MOST_ON_CPU = 500_000;

async function inspectLoaded(
  path: string,
  { loaded, entry, baseFolder, notes }: OpenedModel,
  obstacles: GradientObstacles,
): Promise<Inspection> {
  const { model, format, fingerprint, files, name } = loaded;
  const stopped = new Set(obstacles.tried ? obstacles.nodes.map(({ node }) => node) : []);
  const unsupported = unsupportedOps(format, model.nodes);
  const head = model.heads.length === 0 ? undefined : chooseHead(model, {}, entry);
  const width = model.outputs.find(({ id }) => id === head?.output)?.shape.at(-1) ?? 1;
  return {
    path,
    name,
    format,
    files: await sizesOf(files),
    fingerprint,
    parameterCount: model.parameterCount,
    task: head === undefined ? null : taskOf(head, entry, width),
    inputs: model.inputs.map((input, index) => inputOf(input, entryInput(entry, input, index), model.embeddings)),
    outputs: model.outputs.map(({ id, shape, dtype }) => {
      const own = model.heads.find(({ output }) => output === id);
      return { id, shape: [...shape], dtype, activation: own?.activation ?? "none", logit: own?.logit ?? id };
    }),
    nodes: model.nodes.map((node) => nodeOf(node, unsupported.has(node.op), stopped.has(node.id))),
    companions: await companionsOf(files[0] ?? path, entry, baseFolder),
    inferred: { entry, baseFolder, notes: [...cacheNotes(loaded), ...notes] },
    gradientsUntried: obstacles.tried ? null : obstacles.reason,
    problem: null,
  };
}

async function inspectOutline(
  path: string,
  error: PathlightError,
  signal: AbortSignal | undefined,
): Promise<Inspection> {
  const outline = await outlineOf(path, signal);
  if (outline === undefined) throw error;
  const { expected, found, whatToDo } = error.details;
  const [file = path] = outline.files;
  return {
    path,
    name: nameOfModel(file),
    format: outline.format,
    files: await sizesOf(outline.files),
    fingerprint: null,
    parameterCount: outline.parameterCount,
    task: null,
    inputs: outline.inputs.map((input) => inputOf(input, undefined, [])),
    outputs: outline.outputs.map(({ id, shape, dtype }) => ({
      ...{ id, shape: shape === null ? null : [...shape], dtype },
      ...{ activation: null, logit: null },
    })),
    nodes: outline.nodes.map((node) => nodeOf(node, !node.supported, false)),
    companions: await companionsOf(file, undefined, dirname(file)),
    inferred: null,
    gradientsUntried: "The model cannot be built.",
    problem: {
      ...{ code: error.code, message: error.message },
      ...(expected === undefined ? {} : { expected }),
      ...(found === undefined ? {} : { found }),
      ...(whatToDo === undefined ? {} : { whatToDo }),
    },
  };
}

/** Where not even the structure can be read, the error of loading says more than a second one. */
async function outlineOf(path: string, signal: AbortSignal | undefined): Promise<ModelOutline | undefined> {
  try {
    return await outlineModel(path, signal);
  } catch (error) {
    if (error instanceof PathlightError && error.code !== "cancelled") return undefined;
    throw error;
  }
}

function entryInput(entry: ManifestModel, { id }: NodeSpec, index: number): ManifestModel["inputs"][number] {
  // One that nobody describes may follow from a text, or take what has been written.
  const hold = entry.generate !== undefined || companionRole(id) !== null;
  return entry.inputs.find(({ name }) => name === id) ?? entry.inputs[index] ?? { kind: "tensor", hold };
}

function inputOf(
  { id, shape, dtype }: NodeSpec | OutlineNode,
  described: ManifestModel["inputs"][number] | undefined,
  embeddings: UnknownEmbeddings,
): InspectedInput {
  const own = embeddings.filter(({ input }) => input === id);
  const kind = described?.kind ?? "tensor";
  const held = described?.kind === "tensor" && described.hold;
  const layout = kind !== "image" || shape === null ? null : (givenLayout(described) ?? guessLayout(shape.slice(1)));
  return {
    ...{ id, shape: shape === null ? null : [...shape], dtype, kind, layout },
    bytes: described?.kind === "text" && described.tokenizer.type === "bytes",
    explained: described === undefined ? null : !held && (own.length > 0 || dtype === "float32"),
    embeddings: own.map(({ node, vocabularySize, dimensions }) => ({ node, vocabularySize, dimensions })),
  };
}

type UnknownEmbeddings = readonly (UnknownModel["embeddings"][number] & { node: string; dimensions: number })[];

function givenLayout(described: ManifestModel["inputs"][number] | undefined): InspectedInput["layout"] {
  return described?.kind === "image" ? (described.layout ?? null) : null;
}

function nodeOf(node: NodeSpec | OutlineNode, unsupported: boolean, stopped: boolean): InspectedNode {
  const { id, op, shape, dtype, parameters } = node;
  const reason = "reason" in node ? node.reason : undefined;
  return {
    ...{ id, op, shape: shape === null ? null : [...shape], dtype },
    ...(parameters === undefined ? {} : { parameters }),
    ...(unsupported ? { unsupported: true as const } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(stopped ? { noGradient: true as const } : {}),
  };
}

async function sizesOf(files: readonly string[]): Promise<Inspection["files"]> {
  return Promise.all(
    files.map(async (path) => ({
      path,
      bytes: await stat(path).then(
        ({ size }) => size,
        () => null,
      ),
    })),
  );
}

async function companionsOf(
  file: string,
  entry: ManifestModel | undefined,
  baseFolder: string,
): Promise<Inspection["companions"]> {
  const text = JSON.stringify(entry ?? {});
  return (await companionFiles(file)).map((companion) => ({
    ...companion,
    used: text.includes(JSON.stringify(relativeName(companion.path, baseFolder))),
  }));
}

/** As an entry writes it: relative to its folder, with `/`. */
function relativeName(path: string, baseFolder: string): string {
  const inside = path.startsWith(resolve(baseFolder)) ? path.slice(resolve(baseFolder).length + 1) : basename(path);
  return inside.replaceAll("\\", "/");
}
