import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { unzipSync, zipSync } from "fflate";
import { type ErrorCode, PathlightError } from "../../../../src/common/errors.ts";
import { Hdf5Reader } from "../../../../src/models/keras/hdf5/hdf5Reader.ts";
import { kerasArchiveModel } from "../../../../src/models/keras/loadKerasArchive.ts";
import { kerasH5Model } from "../../../../src/models/keras/loadKerasH5.ts";
import { fuzzCount, mutations } from "../../../support/mutate.ts";
import { useBackend } from "../backends.ts";
import { kerasBytes } from "./kerasFixtures.ts";

/**
 * Damaged files: each ends in a model or in one clear error, and leaves nothing behind.
 */
const iterations = fuzzCount(2000);

const clear: readonly ErrorCode[] = ["model-invalid", "model-unknown-op", "model-unsupported-shape", "not-finite"];

const formats = [
  { files: ["image-2.h5", "text-3.h5", "nested-2.h5"], load: kerasH5Model, sealed: false },
  { files: ["image-3.keras", "text-3.keras"], load: kerasArchiveModel, sealed: false },
  // The checksum put right after the damage, so that it reaches the configuration and the weights.
  { files: ["image-3.keras", "operations-3.keras"], load: kerasArchiveModel, sealed: true },
];

await useBackend("cpu");

for (const { files, load, sealed } of formats) {
  test(`${iterations} damaged copies of ${files.join(", ")}${sealed ? ", with right checksums" : ""}`, async () => {
    const originals = files.map(kerasBytes);
    const reader = new Hdf5Reader();
    const ends = new Map<string, number>();
    try {
      const whole = process.cpuUsage();
      (await load("model", Uint8Array.from(originals[0] ?? new Uint8Array()), reader, undefined)).dispose();
      // The reader gives up by itself after 1.5 s. What comes to it depends on the machine, as a whole file does that is
      // read by a reader which starts.
      const limit = 1.6 + 3 * seconds(whole);
      for (let seed = 0; seed < iterations; seed++) {
        const original = originals[seed % originals.length] ?? new Uint8Array();
        const description = `seed ${seed}`;
        const bytes = sealed ? mutateInside(original, seed) : mutate(original, seed);
        const before = tf.memory().numTensors;
        const started = process.cpuUsage();
        const end = await load("model", bytes, reader, undefined).then(
          (model) => {
            model.dispose();
            return "loaded";
          },
          (error: unknown) => {
            assert.ok(error instanceof PathlightError, `${description}: ${String(error)}`);
            assert.ok(clear.includes(error.code), `${description}: ${error.code} ${error.message}`);
            assert.ok(error.details.file !== undefined && error.details.whatToDo !== undefined, description);
            return error.code;
          },
        );
        // In processor time: on a machine that others use the clock proves nothing.
        const taken = seconds(started);
        assert.ok(taken < limit, `${description}: ${end} after ${taken} s`);
        assert.equal(tf.memory().numTensors, before, description);
        ends.set(end, (ends.get(end) ?? 0) + 1);
      }
    } finally {
      await reader.dispose();
    }
    // Damage that nobody notices, or all of it of one kind, would test nothing.
    assert.ok(iterations < 500 || (ends.get("loaded") ?? 0) < iterations, "nothing was noticed");
    assert.ok(process.memoryUsage().rss < 1.5 * 2 ** 30);
  });
}

/** Processor time since then. */
function seconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function mutate(original: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const [bytes] = mutations(original, seed, 1);
  return Uint8Array.from(bytes ?? original);
}

/** Damages one of the files in an archive, and packs it again. */
function mutateInside(original: Uint8Array, seed: number): Uint8Array<ArrayBuffer> {
  const entries = unzipSync(original);
  const names = Object.keys(entries);
  const name = names[seed % names.length] ?? "";
  const bytes = mutate(entries[name] ?? new Uint8Array(1), seed);
  return Uint8Array.from(zipSync({ ...entries, [name]: bytes }, { level: seed % 2 === 0 ? 0 : 6 }));
}
