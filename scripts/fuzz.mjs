// npm run fuzz [factor]: the fuzz tests of the model formats, with `factor` times as many damaged files (default 50).
import { readdirSync } from "node:fs";
import path from "node:path";
import { root, run } from "./setup/run.mjs";

const factor = process.argv[2] ?? "50";
const files = readdirSync(path.join(root, "test"), { recursive: true })
  .filter((file) => path.basename(file) === "fuzz.test.ts")
  .map((file) => path.join("test", file));
process.exitCode = await run(
  process.execPath,
  ["--import", "tsx", "--test", "--test-reporter=spec", "--test-concurrency=1", ...files],
  { env: { ...process.env, PATHLIGHT_FUZZ: factor } },
);
