import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { Explainer } from "../../src/cli/commands/explain.ts";
import { runCommandLine } from "../../src/cli/run.ts";
import { colours } from "../../src/cli/terminal.ts";
import type { Audit } from "../../src/protocol/audit.ts";
import { auditSchema } from "../../src/protocol/audit.ts";
import type { Explanation } from "../../src/protocol/explanation.ts";
import { explanation } from "../unit/protocol/explanationFixture.ts";
import { confirmedAudit, refutingAudit } from "../unit/webview/harness/audits.ts";
import { assertBadInput, runCli } from "./support/runCli.ts";
import { fixtures, Workspace } from "./support/workspace.ts";

const space = new Workspace();
test.after(() => space.dispose());

const model = space.model("digits", "digits");
const input = join(fixtures, "oracle/digits/x0.npy");

test("pathlight audit confirms the gradients of a model, writes audit.json and exits with 0", async () => {
  const out = space.path("audited");
  const result = await runCli(["audit", "--model", model, "--input", input, "--backend", "wasm", "--out", out]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /Gradients confirmed to within \d/);
  assert.match(result.stdout, /11 compared, 11 agree/);
  const {
    version,
    model: audited,
    sample,
    backend,
    target,
    baseline,
    provenance,
    ...found
  } = JSON.parse(readFileSync(join(out, "audit.json"), "utf8"));
  assert.equal(version, 1);
  assert.equal(backend.name, "wasm");
  assert.ok([audited, sample, target, baseline, provenance].every((part) => typeof part === "object"));
  const audit = auditSchema.parse(found);
  assert.equal(audit.verdict, "confirmed");
  assert.equal(audit.nodes.length, 11);
});

test("bad input exits with 2 and writes nothing; options that say nothing here are refused", async () => {
  const out = space.path("bad");
  const missing = await runCli(["audit", "--model", model, "--input", space.path("no.npy"), "--out", out]);
  assertBadInput(missing, out, { file: space.path("no.npy"), says: [/There is no file/] });
  const option = await runCli(["audit", "--model", model, "--input", input, "--tolerance", "1%", "--out", out]);
  assertBadInput(option, out, { says: [/Unknown option --tolerance/, /pathlight audit --help/] });
});

async function runWith(args: readonly string[], explained: Explanation, audit: Audit) {
  const written = { out: "", err: "" };
  const out = space.path(`out-${args[0]}-${audit.verdict}`);
  const asked: string[] = [];
  const audited = async (): Promise<Explanation> => {
    asked.push("audit");
    return { ...explained, audit };
  };
  const explainer: Explainer = {
    explain: async () => explained,
    audit: audited,
    auditSample: audited,
    explainSequence: () => Promise.reject(new Error("not asked for")),
    tokenPairs: () => Promise.reject(new Error("not asked for")),
    attributionTensors: () => [],
    dispose: () => undefined,
  };
  const code = await runCommandLine([...args, "--model", model, "--input", input, "--out", out], {
    terminal: {
      out: (text) => {
        written.out += text;
      },
      err: (text) => {
        written.err += text;
      },
      interactive: false,
      columns: 80,
      outColours: colours(false),
      errColours: colours(false),
    },
    folder: space.folder,
    signal: new AbortController().signal,
    createExplainer: async () => ({
      ...explainer,
      inspect: () => Promise.reject(new Error("not asked for")),
      ablate: () => Promise.reject(new Error("not asked for")),
      withRun: () => Promise.reject(new Error("not asked for")),
      openRun: () => Promise.reject(new Error("not asked for")),
      tensorsOf: () => null,
    }),
  });
  return { code, asked, folder: out, ...written };
}

test("a wrong gradient exits with 4 and is named; what cannot be told exits with 5", async () => {
  const wrong = await runWith(["audit"], explanation, refutingAudit());
  assert.equal(wrong.code, 4);
  assert.match(wrong.out, /The gradient of block_15_project \(Conv2D\) is wrong/);
  assert.equal(
    JSON.parse(readFileSync(join(wrong.folder, "audit.json"), "utf8")).culprits[0].layer,
    "block_15_project",
  );
  const lost: Audit = { ...refutingAudit(), verdict: "not-located", culprits: [] };
  assert.equal((await runWith(["audit"], explanation, lost)).code, 4);
  const unclear: Audit = { ...confirmedAudit(), verdict: "cannot-tell", within: null };
  const blind = await runWith(["audit"], explanation, unclear);
  assert.equal(blind.code, 5);
  assert.match(blind.out, /The audit cannot tell/);
});

test("an explanation that ends suspect is audited by itself, and the files say what was found", async () => {
  const suspect = await runWith(["explain"], { ...explanation, status: "suspect-gradient" }, refutingAudit());
  assert.deepEqual(suspect.asked, ["audit"]);
  assert.match(suspect.out, /block_15_project/);
  assert.ok(existsSync(join(suspect.folder, "audit.json")));
  const sound = await runWith(["explain"], explanation, confirmedAudit());
  assert.deepEqual(sound.asked, []);
  assert.ok(!existsSync(join(sound.folder, "audit.json")));
});
