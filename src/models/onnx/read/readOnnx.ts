import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { throwIfCancelled } from "../../../common/cancellation.ts";
import { modelInvalid } from "../../disk/modelErrors.ts";
import type { OnnxGraph } from "../onnxGraph.ts";
import { buildGraph } from "./buildGraph.ts";
import { decodeModel } from "./decodeProto.ts";
import { readExternalData } from "./externalData.ts";

/** An ONNX file as a graph, before any tensor is made. */
export interface OnnxSource {
  readonly file: string;
  readonly graph: OnnxGraph;
  readonly fingerprint: string;
  /** Of the model file and the weight files beside it. */
  readonly weightBytes: number;
  /** The model file and its weight files, absolute. */
  readonly files: readonly string[];
}

/** A protobuf message cannot be larger; larger models keep their weights in files of their own. */
const mostBytes = 2 ** 31 - 1;

/**
 * Reads and checks an ONNX file and its external weights. Errors: `model-invalid`, `model-shard-missing`,
 * `model-shard-size`, `not-finite`, `cancelled`.
 */
export async function readOnnx(file: string, signal?: AbortSignal): Promise<OnnxSource> {
  const { size } = await stat(file);
  if (size > mostBytes) {
    throw modelInvalid(
      file,
      "The ONNX file is too large for its format.",
      "at most 2 GiB in one file",
      `${size} bytes`,
      "Export the model with external data.",
    );
  }
  const bytes = await readFile(file);
  throwIfCancelled(signal);
  const model = decodeModel(file, bytes);
  const external = await readExternalData(file, model, signal);
  throwIfCancelled(signal);
  const hash = createHash("sha256").update(bytes);
  let weightBytes = bytes.length;
  for (const part of external.bytes.values()) {
    hash.update(part);
    weightBytes += part.length;
  }
  return {
    file,
    graph: buildGraph(file, model, external.bytes),
    fingerprint: hash.digest("hex"),
    weightBytes,
    files: [file, ...external.files],
  };
}
