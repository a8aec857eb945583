import * as path from "node:path";
import type { ExplainRequest, ModelRef, SampleRef } from "../protocol/explain.ts";
import type { ManifestDataset } from "../protocol/manifest.ts";
import type { ChoiceKind } from "./modelChoice.ts";

/** Where a text stood in an editor when it was taken from there. */
export interface TextPlace {
  /** URI of the document. */
  readonly uri: string;
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  /** The characters there, which need not be the text that they stand for. */
  readonly source: string;
}

/** The sample that is to be explained. */
export interface SampleTarget {
  readonly kind: ChoiceKind;
  readonly sample: SampleRef;
  readonly title: string;
  readonly place?: TextPlace;
  /** Tokens that are left blank, as a what-if; then it is not quite what stands in the file. */
  readonly blanked?: ExplainRequest["blanked"];
  /** Samples of an earlier request that were several, or a pair; they are asked for again as they were. */
  readonly asked?: ExplainRequest["samples"];
}

/** The model that explains it, as the manifest or the user has it. */
export interface ModelTarget {
  readonly ref: ModelRef;
  readonly name: string;
  readonly dataset: ManifestDataset | undefined;
  /** File system path of the manifest that names the model; undefined while there is none. */
  readonly manifest: string | undefined;
}

/** What a panel is about. */
export interface Subject {
  readonly sample: SampleTarget;
  readonly model: ModelTarget;
}

/** Path of the sample's file on disk; undefined for text. */
export function samplePath(sample: SampleRef): string | undefined {
  return sample.kind === "file" ? sample.path : undefined;
}

export function subjectKey({ sample, model }: Subject): string {
  return JSON.stringify([sample.sample, model.ref.path, model.name, sample.blanked]);
}

/** The subject of an earlier request. */
export function subjectOf(request: ExplainRequest, title: string, kind: ChoiceKind): Subject | undefined {
  const sample = request.samples[0]?.sample;
  if (sample === undefined) return undefined;
  const { model, blanked } = request;
  const name = model.entry?.name ?? model.path;
  const pair = sample.kind === "file" ? sample.secondColumn : (sample.second ?? sample.row?.secondColumn);
  const asked = request.samples.length > 1 || pair !== undefined ? { asked: request.samples } : {};
  return {
    sample: { kind, sample, title, blanked, ...asked },
    model: { ref: model, name, dataset: undefined, manifest: undefined },
  };
}

/** The file that a piece of text was taken from. */
export function originOf(sample: SampleTarget): string | undefined {
  const origin = sample.sample.kind === "text" ? sample.sample.origin : undefined;
  return origin !== undefined && path.isAbsolute(origin) ? origin : undefined;
}

/** What the sample is to the model: a row is a text, or numbers. */
export function readAs({ sample, model }: Pick<Subject, "sample" | "model">): "image" | "text" | "tensor" {
  const { kind } = sample;
  if (kind !== "rows" && kind !== "file") return kind;
  const inputs = model.ref.entry?.inputs ?? [];
  return inputs.length > 0 && inputs.every((input) => input.kind === "tensor") ? "tensor" : "text";
}
