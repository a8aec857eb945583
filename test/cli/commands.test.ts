import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { z } from "zod";
import { runCli } from "./support/runCli.ts";

const reportSchema = z.object({
  chosen: z.string(),
  places: z.array(z.object({ place: z.string(), status: z.enum(["usable", "broken", "missing"]) })).min(1),
  fixes: z.array(z.object({ problem: z.string().min(1), command: z.string().min(1) })),
});
const packageFile = new URL("../../package.json", import.meta.url);

test("--version prints the version of the package and nothing else", async () => {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile, "utf8")));
  for (const flag of ["--version", "-v", "version"]) {
    assert.deepEqual(await runCli([flag]), { code: 0, stdout: `${version}\n`, stderr: "" });
  }
});

test("--help shows the commands, each with examples; each command has its own", async () => {
  const program = await runCli(["--help"]);
  assert.equal(program.code, 0);
  for (const pattern of [
    /^Usage/m,
    /explain +\S/,
    /doctor +\S/,
    /^Examples/m,
    /pathlight explain --model/,
    /^Exit codes/m,
  ]) {
    assert.match(program.stdout, pattern);
  }
  const explain = await runCli(["explain", "--help"]);
  assert.equal(explain.code, 0);
  const options =
    "model manifest input row target output link baseline method rule steps tolerance grain max-evaluations backend fail-above out json";
  for (const name of options.split(" ")) assert.match(explain.stdout, new RegExp(`^  --${name}\\b`, "m"));
  assert.match(explain.stdout, /^Examples/m);
  assert.deepEqual(await runCli(["help", "explain"]), explain);
  const doctor = await runCli(["doctor", "--help"]);
  assert.match(doctor.stdout, /--install/);
  assert.match(doctor.stdout, /^Examples/m);
});

test("doctor says what computes, what is missing and how to mend it", async () => {
  const env = { PATHLIGHT_TENSORFLOW: "", PATH: "", PATHLIGHT_CACHE: "/nonexistent/pathlight" };
  const text = await runCli(["doctor"], { env });
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /wasm/i);
  assert.match(text.stdout, /tensorflow/i);
  assert.doesNotMatch(text.stdout, /undefined|\[object/);
  const json = await runCli(["doctor", "--json"], { env });
  const report = reportSchema.parse(JSON.parse(json.stdout));
  assert.equal(report.chosen, "wasm");
  assert.ok(report.places.every(({ status }) => status !== "usable"));
  assert.ok(report.fixes.length > 0);
  for (const { command } of report.fixes) assert.ok(text.stdout.includes(command), command);
});
