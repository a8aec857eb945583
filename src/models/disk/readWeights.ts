import { open, stat } from "node:fs/promises";
import { dirname, isAbsolute, normalize, resolve, sep } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import { modelInvalid } from "./modelErrors.ts";
import type { ModelJson, WeightEntry, WeightGroup } from "./readModelJson.ts";
import { refuseNonFiniteWeights } from "./refuseNonFiniteWeights.ts";

export interface Weights {
  readonly specs: WeightEntry[];
  /** All shards of all groups, one after the other. */
  readonly data: ArrayBuffer;
  /** The shards, absolute. */
  readonly files: readonly string[];
}

/**
 * Reads the shards that the manifest names, from the folder of `model.json`. Sizes are compared with the manifest
 * before anything is read. Errors: `model-shard-missing`, `model-shard-size`, `model-invalid`, `not-finite`,
 * `cancelled`.
 */
export async function readWeights(model: ModelJson, signal?: AbortSignal): Promise<Weights> {
  const shards: { path: string; size: number }[] = [];
  for (const group of model.weights) shards.push(...(await measureGroup(model.file, group)));

  const data = new Uint8Array(shards.reduce((sum, shard) => sum + shard.size, 0));
  let offset = 0;
  for (const { path, size } of shards) {
    signal?.throwIfAborted();
    await readInto(path, data.subarray(offset, offset + size));
    offset += size;
  }
  const specs = model.weights.flatMap((group) => group.weights);
  refuseNonFiniteWeights(model.file, specs, data.buffer);
  return { specs, data: data.buffer, files: shards.map((shard) => shard.path) };
}

/** Bytes of one weight as it is stored; undefined for strings, whose length stands in the data itself. */
export function storedBytes(weight: WeightEntry): number | undefined {
  if (weight.dtype === "string") return undefined;
  const values = weight.shape.reduce((product, size) => product * size, 1);
  const widths = { float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 } as const;
  return values * widths[weight.quantization?.dtype ?? weight.dtype];
}

async function measureGroup(file: string, group: WeightGroup): Promise<{ path: string; size: number }[]> {
  const shards: { path: string; size: number }[] = [];
  for (const name of group.paths) {
    const path = shardPath(file, name);
    const size = await stat(path).then(
      (info) => info.size,
      () => undefined,
    );
    if (size === undefined) throw shardMissing(path, name);
    shards.push({ path, size });
  }
  const sizes = group.weights.map(storedBytes);
  if (sizes.includes(undefined)) return shards;
  const expected = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const found = shards.reduce((sum, shard) => sum + shard.size, 0);
  if (expected !== found) {
    const odd = oddShard(shards, expected);
    throw new PathlightError(
      "model-shard-size",
      shards.length === 1
        ? "The weight file has the wrong size."
        : `The ${shards.length} weight files have the wrong size together; ${odd} is the likely one.`,
      {
        file: odd,
        expected: `${expected} bytes for the ${group.weights.length} weights of the manifest`,
        found: `${found} bytes`,
        whatToDo: "Copy the weight files again; if they are complete, model.json belongs to another export.",
      },
    );
  }
  return shards;
}

/** Writers cut shards of equal length, the last one shorter: the first that breaks the row is the likely culprit. */
function oddShard(shards: readonly { path: string; size: number }[], expected: number): string {
  const full = Math.max(...shards.map((shard) => shard.size));
  const last = expected - full * (shards.length - 1);
  const odd = shards.find(({ size }, index) => size !== (index < shards.length - 1 ? full : last));
  return (odd ?? shards.at(-1))?.path ?? "";
}

function shardPath(file: string, name: string): string {
  const folder = dirname(file);
  const path = resolve(folder, normalize(name));
  if (isAbsolute(name) || !path.startsWith(resolve(folder) + sep)) {
    throw modelInvalid(
      file,
      "A weight file of the manifest lies outside the model's folder.",
      "paths inside the folder of model.json",
      JSON.stringify(name),
      "Put the weight files beside model.json and name them there without folders above.",
    );
  }
  return path;
}

function shardMissing(path: string, name: string): PathlightError {
  return new PathlightError("model-shard-missing", `The weight file ${name} is missing.`, {
    file: path,
    expected: "the file that model.json names",
    found: "no such file",
    whatToDo: "Copy the weight files beside model.json.",
  });
}

async function readInto(path: string, target: Uint8Array): Promise<void> {
  const handle = await open(path);
  try {
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await handle.read(target, done, target.length - done, done);
      if (bytesRead === 0) {
        throw new PathlightError("model-shard-size", "The weight file became shorter while it was read.", {
          file: path,
          expected: `${target.length} bytes`,
          found: `${done} bytes`,
          whatToDo: "Wait until the writer has finished and load the model again.",
        });
      }
      done += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
