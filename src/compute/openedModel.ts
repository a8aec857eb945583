import { resolve } from "node:path";
import { AblatedModel } from "../engine/ablation/ablatedModel.ts";
import type { LoadedModel } from "../models/loadedModel.ts";
import type { ExplainRequest, ModelRef } from "../protocol/explain.ts";
import type { ManifestModel } from "../protocol/manifest.ts";
import type { Run } from "./run.ts";
import type { RunPlan } from "./runPlan.ts";
import { twinOf } from "./twin/twinModel.ts";
import { asksForTwins } from "./twin/twinRequest.ts";
import { modelFor } from "./windows/windowLayout.ts";

/** A model with the manifest entry that it is used by. */
export interface OpenedModel {
  readonly loaded: LoadedModel;
  readonly entry: ManifestModel;
  readonly baseFolder: string;
  /** What was inferred rather than read from a manifest, a sentence each. */
  readonly notes: readonly string[];
}

/** The model as a request reads it: an encoder that is given two texts, twice. */
export function asAsked(opened: OpenedModel, request: ExplainRequest): OpenedModel {
  const { model } = opened.loaded;
  return asksForTwins(request, model) ? { ...opened, loaded: { ...opened.loaded, model: twinOf(model) } } : opened;
}

/** The model that a run explains: without the neurons that are switched off in it. */
export function withoutNeurons(opened: OpenedModel, { ablated }: Run): OpenedModel {
  if (ablated.length === 0) return opened;
  return { ...opened, loaded: { ...opened.loaded, model: new AblatedModel(opened.loaded.model, ablated) } };
}

/** The model as it reads the sample of a run: one that is longer than it takes, in windows. */
export function asPlanned(loaded: LoadedModel, { windows }: RunPlan): LoadedModel {
  return windows === undefined ? loaded : { ...loaded, model: modelFor(loaded.model, windows) };
}

/** The second file of an encoder and a decoder that are two. */
export function decoderOf({
  entry,
  baseFolder,
}: Pick<ModelRef, "entry" | "baseFolder">): { path: string; states: string } | null {
  const decoder = entry?.generate?.kind === "encoder-decoder" ? entry.generate.decoder : undefined;
  return decoder === undefined ? null : { path: resolve(baseFolder ?? "", decoder.path), states: decoder.states };
}
