import type { Method } from "../../src/protocol/explain.ts";
import type { Attribution, Explanation } from "../../src/protocol/explanation.ts";
import type { ManifestModel } from "../../src/protocol/manifest.ts";

/** Names of things as the panel prints them. Verdicts and banners live with the protocol, not here. */

export const methodNames: Readonly<Record<Method, string>> = {
  "integrated-gradients": "Integrated Gradients",
  gradient: "Plain gradient",
  "input-x-gradient": "Input × gradient",
};

const linkNames: Readonly<Record<string, string>> = {
  logit: "Logit",
  softmax: "Softmax",
  sigmoid: "Sigmoid",
  expression: "Expression",
  value: "Value",
};

export const backendNames: Readonly<Record<string, string>> = {
  tensorflow: "TensorFlow",
  wasm: "WebAssembly",
  cpu: "JavaScript",
};

const formatNames: Readonly<Record<string, string>> = {
  "tfjs-layers": "tfjs layers",
  "tfjs-graph": "tfjs graph",
  onnx: "ONNX",
  keras: "Keras",
  "keras-h5": "Keras",
};

export function linkName(link: string): string {
  return linkNames[link] ?? link;
}

export function formatName(format: NonNullable<ManifestModel["format"]> | string): string {
  return formatNames[format] ?? format;
}

/** "mobilenet-v2 · tfjs layers · 224×224×3". */
export function describeModel(title: string, explanation: Explanation | null): string {
  if (explanation === null) return title;
  const attribution = explanation.attributions[0];
  const parts = [title === "" ? explanation.model.name : title, formatName(explanation.model.format)];
  if (attribution?.kind === "text") parts.push(`${tokenCount(explanation)} tokens`);
  else if (attribution !== undefined) parts.push(attribution.shape.join("×"));
  return parts.join(" · ");
}

/** Of all inputs that are texts; one with several embeddings counts once. */
function tokenCount({ attributions }: Explanation): number {
  const counts = new Map<string, number>();
  for (const attribution of attributions) {
    if (attribution.kind === "text") counts.set(attribution.input, attribution.tokens.length);
  }
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

export function iconOfSample(kind: Attribution["kind"] | null): string {
  if (kind === "image") return "file-media";
  if (kind === "text") return "symbol-string";
  return kind === "tensor" ? "symbol-array" : "target";
}

/** What one value of the map stands for, in the singular. */
export function unitOf(explanation: Explanation): string {
  const attribution = explanation.attributions[0];
  if (attribution === undefined) return "feature";
  if (explanation.attributions.every(({ kind }) => kind === "text")) return "token";
  if (explanation.attributions.length > 1) return "feature";
  if (attribution.kind === "image") return attribution.grain > 1 ? "cell" : "pixel";
  return "feature";
}

/** Whether no evaluation has come back: there are predictions, but no map whose zeros could be read. */
export function isBeforeFirstMap(explanation: Explanation): boolean {
  return explanation.status === "running" && explanation.evaluations === 0;
}

export function plural(count: number, noun: string): string {
  const many = noun.endsWith("s") ? `${noun}es` : `${noun}s`;
  return `${count} ${count === 1 ? noun : many}`;
}
