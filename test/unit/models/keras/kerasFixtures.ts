import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import * as tf from "@tensorflow/tfjs-core";
import { temporaryFolder } from "../modelFiles.ts";

const folder = fileURLToPath(new URL("../../../fixtures/keras/", import.meta.url));

interface Values {
  readonly shape: number[];
  readonly values: number[];
}

/** What the real Keras computes. */
export interface KerasTruth {
  readonly inputs: readonly Values[];
  readonly outputs: readonly Values[];
}

/** The model files of the fixtures, for example `image-3.keras`. */
export function kerasFiles(): string[] {
  return readdirSync(folder)
    .map((name) => name.replace(/\.gz$/, ""))
    .filter((name) => /\.(h5|keras)$/.test(name))
    .sort();
}

export function kerasBytes(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(gunzipSync(readFileSync(join(folder, `${name}.gz`))));
}

/** A copy of a fixture in a folder of its own. */
export function kerasFile(name: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, kerasBytes(name));
  return path;
}

export function kerasTruth(name: string): KerasTruth {
  const file = join(folder, `${name.replace(/\.(h5|keras)$/, "")}.json.gz`);
  return JSON.parse(gunzipSync(readFileSync(file)).toString("utf8"));
}

export function toTensor({ shape, values }: Values): tf.Tensor {
  return tf.tensor(values, shape);
}
