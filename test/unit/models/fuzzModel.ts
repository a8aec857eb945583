import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../src/common/errors.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { fuzzCount, mutations } from "../../support/mutate.ts";
import { useBackend } from "./backends.ts";

/** Longest that one damaged file may take, in processor time: seconds. */
const mostSeconds = 2;
/** Most that the process may grow by over all of them. */
const mostBytes = 2 ** 30;

/**
 * Loads a file damaged in many ways. Each load ends well or with a `PathlightError` that says what to do, within two
 * seconds, and leaves no tensor. `beside`: files that stay whole and are copied next to the damaged one.
 */
export function fuzzModel(
  name: string,
  fileName: string,
  original: Uint8Array,
  everyDay: number,
  beside: readonly string[] = [],
): void {
  test(`${name}: damaged in ${everyDay} ways, each ends well or with a clear error`, async (context) => {
    await useBackend("cpu");
    const folder = mkdtempSync(join(tmpdir(), "pathlight-fuzz-"));
    const file = join(folder, fileName);
    for (const each of beside) copyFileSync(each, join(folder, basename(each)));
    const outcomes = new Map<string, number>();
    try {
      const memory = process.memoryUsage().rss;
      const tensors = tf.memory().numTensors;
      let place = 0;
      for (const bytes of mutations(original, 1, fuzzCount(everyDay))) {
        writeFileSync(file, bytes);
        const start = process.cpuUsage();
        const outcome = await load(file);
        const { user, system } = process.cpuUsage(start);
        const where = `mutation ${place++}: ${outcome}`;
        assert.ok((user + system) / 1e6 < mostSeconds, `${where} took ${(user + system) / 1e6} s`);
        assert.equal(tf.memory().numTensors, tensors, `${where} left tensors behind`);
        assert.ok(process.memoryUsage().rss - memory < mostBytes, `${where}: the process has grown too far`);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    context.diagnostic([...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(", "));
    assert.ok((outcomes.get("loaded") ?? 0) < fuzzCount(everyDay), "the damage did something");
  });
}

async function load(file: string): Promise<string> {
  try {
    const { model } = await loadModel(basename(file) === "weights.bin" ? dirname(file) : file);
    model.dispose();
    return "loaded";
  } catch (error) {
    assert.ok(error instanceof PathlightError, error instanceof Error ? (error.stack ?? error.message) : String(error));
    assert.notEqual(error.code, "internal", error.message);
    assert.ok(error.details.whatToDo, `${error.message} does not say what to do`);
    return error.code;
  }
}
