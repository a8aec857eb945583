import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { availableBackends } from "../src/backend/index.ts";
import { bertOnnx } from "../test/support/bertOnnx.ts";

/**
 * `node --import tsx bench/windows.ts`: what a text costs that is read in windows, against one that fits: a BERT encoder of
 * 3 layers, 192 wide, 512 positions. Fails where six windows take much more memory than one, or much more than six times
 * its time. Each in a process of its own.
 */

const root = path.resolve(import.meta.dirname, "..");
const folder = path.join(root, "out/bench/windows");
const words = 1200;
const size = { layers: 3, width: 192, heads: 6, words, longest: 512, classes: 2 };
const WINDOWS = 6;
/** Of the memory of one window, and of the time of as many. */
const MOST_MEMORY = 1.35;
const MOST_TIME = 1.5;

const figures = z.object({ windows: z.number(), seconds: z.number(), peakMegabytes: z.number() });

mkdirSync(folder, { recursive: true });
const model = path.join(folder, "model.onnx");
writeFileSync(model, bertOnnx(size));
const vocabulary = ["[PAD]", "[UNK]", ...Array.from({ length: words - 2 }, (_, word) => `w${word}`)];
writeFileSync(path.join(folder, "vocab.txt"), `${vocabulary.join("\n")}\n`);

/** So many tokens as one text. */
function text(tokens: number): string {
  const file = path.join(folder, `${tokens}.txt`);
  writeFileSync(file, Array.from({ length: tokens }, (_, at) => `w${(at * 7919) % (words - 2)}`).join(" "));
  return file;
}

const overlap = 128;
const long = size.longest + (WINDOWS - 1) * (size.longest - overlap);
let failed = false;
console.log("| backend | windows | seconds for one evaluation | peak memory |\n|---|---|---|---|");
for (const backend of (await availableBackends()).filter((each) => each !== "cpu")) {
  const runs = [size.longest, long].map((tokens) => {
    const child = path.join(import.meta.dirname, "windowsRun.ts");
    const args = ["--import", "tsx", child, model, backend, text(tokens), String(overlap)];
    const { status, stdout } = spawnSync(process.execPath, args, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (status !== 0) throw new Error(`The run on ${backend} with ${tokens} tokens ended with status ${status}.`);
    const run = figures.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
    console.log(`| ${backend} | ${run.windows} | ${run.seconds.toFixed(2)} | ${run.peakMegabytes.toFixed(0)} MB |`);
    return run;
  });
  const [one, all] = runs;
  if (one === undefined || all?.windows !== WINDOWS) throw new Error("Other windows than were meant.");
  const memory = all.peakMegabytes / one.peakMegabytes;
  const time = all.seconds / (one.seconds * WINDOWS);
  if (memory > MOST_MEMORY || time > MOST_TIME) {
    failed = true;
    console.error(`FAILED ${backend}: ${memory.toFixed(2)} times the memory, ${time.toFixed(2)} times the time`);
  }
}
process.exitCode = failed ? 1 : 0;
