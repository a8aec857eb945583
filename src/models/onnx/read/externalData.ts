import { open, stat } from "node:fs/promises";
import { dirname, isAbsolute, resolve, sep } from "node:path";
import { PathlightError } from "../../../common/errors.ts";
import { modelInvalid } from "../../disk/modelErrors.ts";
import { type GraphProto, type ModelProto, type NodeProto, type TensorProto, toNumber } from "./decodeProto.ts";
import { elementTypes } from "./hostTensor.ts";

/** Bytes of the constants that stand in files beside the model, and those files. */
export interface ExternalData {
  readonly bytes: ReadonlyMap<TensorProto, Uint8Array>;
  readonly files: readonly string[];
}

/**
 * Reads weights that an exporter has put into files of their own. Paths must stay in the model's folder, and every
 * range in its file, before anything is read. Errors: `model-shard-missing`, `model-shard-size`, `model-invalid`.
 */
export async function readExternalData(file: string, model: ModelProto, signal?: AbortSignal): Promise<ExternalData> {
  const bytes = new Map<TensorProto, Uint8Array>();
  const sizes = new Map<string, number>();
  for (const tensor of tensorsOf(model)) {
    if (tensor.dataLocation !== 1) continue;
    const range = await rangeOf(file, tensor, sizes);
    signal?.throwIfAborted();
    bytes.set(tensor, await readRange(range));
  }
  return { bytes, files: [...sizes.keys()] };
}

interface Range {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

async function rangeOf(file: string, tensor: TensorProto, sizes: Map<string, number>): Promise<Range> {
  const entry = (key: string) => tensor.externalData.find((each) => each.key === key)?.value;
  const location = entry("location") ?? "";
  const folder = resolve(dirname(file));
  const path = resolve(folder, location);
  if (location === "" || isAbsolute(location) || !path.startsWith(folder + sep)) {
    throw modelInvalid(
      file,
      `The weights of ${tensor.name} lie outside the model's folder.`,
      "a file name relative to the model",
      JSON.stringify(location),
      "Put the weight files beside the model.",
    );
  }
  const size = sizes.get(path) ?? (await sizeOf(path, location));
  sizes.set(path, size);
  const values = tensor.dims.reduce<number>((product, side) => product * toNumber(side), 1);
  const expected = values * (elementTypes[tensor.dataType]?.bytes ?? 0);
  const offset = Number(entry("offset") ?? 0);
  const length = Number(entry("length") ?? expected);
  const possible = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!possible || length !== expected || offset + length > size) {
    throw new PathlightError("model-shard-size", `The weights of ${tensor.name} do not fit their file.`, {
      file: path,
      expected: `${expected} bytes from byte ${offset} on`,
      found: length === expected ? `a file of ${size} bytes` : `a length of ${length}`,
      whatToDo: "Copy the weight file again; if it is complete, it belongs to another export.",
    });
  }
  return { path, offset, length };
}

async function sizeOf(path: string, location: string): Promise<number> {
  return stat(path).then(
    (stats) => stats.size,
    (cause: unknown) => {
      throw new PathlightError(
        "model-shard-missing",
        `The weight file ${location} is missing.`,
        {
          file: path,
          expected: "the file that the model names",
          found: "no such file",
          whatToDo: "Copy the weight file beside the model.",
        },
        cause,
      );
    },
  );
}

async function readRange({ path, offset, length }: Range): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const target = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(target, done, length - done, offset + done);
      if (bytesRead === 0) {
        throw new PathlightError("model-shard-size", "The weight file became shorter while it was read.", {
          file: path,
          whatToDo: "Wait until the writer has finished and load the model again.",
        });
      }
      done += bytesRead;
    }
    return target;
  } finally {
    await handle.close();
  }
}

function* tensorsOf(model: ModelProto): Generator<TensorProto> {
  yield* tensorsOfGraph(model.graph);
  for (const { node } of model.functions) yield* tensorsOfNodes(node);
}

function* tensorsOfGraph(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  yield* tensorsOfNodes(graph.node);
}

function* tensorsOfNodes(nodes: readonly NodeProto[]): Generator<TensorProto> {
  for (const { attribute } of nodes) {
    for (const { t, g } of attribute) {
      if (t !== null) yield t;
      if (g !== null) yield* tensorsOfGraph(g);
    }
  }
}
