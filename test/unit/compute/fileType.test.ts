import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import test, { after, before } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import type { ManifestModel } from "../../../src/protocol/manifest.ts";
import { npyBytes, readManifest } from "../../../src/samples/index.ts";
import { folder, write } from "../samples/support.ts";

const root = resolve(import.meta.dirname, "../../..");
const model = join(root, "samples/models/file-type/model.onnx");
const service = new ExplainService();
after(() => service.dispose());
let entry: ManifestModel;
let baseFolder: string;

before(async () => {
  const manifest = await readManifest(join(root, "samples/pathlight.json"));
  const found = manifest.manifest.models.find(({ name }) => name === "file-type");
  assert(found !== undefined);
  entry = found;
  baseFolder = manifest.baseFolder;
});

function request(path: string, settings: object = {}): ExplainRequest {
  const baseline = { kind: "name", name: "pad" };
  return {
    model: { path: model, entry, baseFolder },
    samples: [{ sample: { kind: "file", path } }],
    settings: settingsSchema.parse({ baseline, tolerance: 0.05, ...settings }),
  };
}

const ofCode = {
  "queue.ts": "typescript",
  "moon.py": "python",
  "allotment.md": "markdown",
  "stations.json": "json",
  "panel.css": "css",
  "harvest.sql": "sql",
  "backup.sh": "shell",
  "index.html": "html",
};

/** A picture with something to see in it. */
const picture = () => {
  const pixels = new Uint8Array(64 * 48 * 3).map((_, at) => (at * 37 + (at >> 5) * 11) % 256);
  return sharp(pixels, { raw: { width: 64, height: 48, channels: 3 } });
};

/** A POSIX archive with one file in it. */
function tar(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\x000001750\x000001750\0", 100);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("14620421277\0", 136);
  header.write("        0", 148);
  header.write("ustar\x0000ann", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const rest = Buffer.alloc(1024 + ((512 - (content.length % 512)) % 512));
  return Buffer.concat([header, content, rest]);
}

/** A tone of 8-bit samples. */
function wav(): Buffer {
  const samples = Buffer.from(Uint8Array.from({ length: 8000 }, (_, at) => 128 + 90 * Math.sin(at / 7)));
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** Files and what they are, for certain: each was made by what makes such files, or is named by its folder. */
async function files(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [name, label] of Object.entries(ofCode)) found.set(join(root, "samples/code", name), label);
  const written = join(root, "test/fixtures/fileTypes");
  for (const label of readdirSync(written)) {
    for (const name of readdirSync(join(written, label))) found.set(join(written, label, name), label);
  }
  const text = readFileSync(join(root, "samples/code/harvest.sql"));
  const made: [string, Uint8Array, string][] = [
    ["a.png", await picture().png().toBuffer(), "png"],
    ["a.jpg", await picture().jpeg().toBuffer(), "jpeg"],
    ["a.gif", await picture().gif().toBuffer(), "gif"],
    ["a.webp", await picture().webp().toBuffer(), "webp"],
    ["a.tiff", await picture().tiff().toBuffer(), "tiff"],
    ["a.gz", gzipSync(text), "gzip"],
    ["a.zip", zipSync({ "notes/harvest.sql": text, "notes/again.sql": text }), "zip"],
    ["a.zz", deflateSync(Buffer.concat([text, text])), "zlibstream"],
    ["a.tar", tar("harvest.sql", text), "tar"],
    ["a.wav", wav(), "wav"],
    // Not the extension's contract for arrays: a name that says nothing.
    [
      "array.bin",
      npyBytes(
        [40, 10],
        Float32Array.from({ length: 400 }, (_, at) => Math.sin(at)),
      ),
      "npy",
    ],
  ];
  for (const [name, bytes, label] of made) found.set(write(name, bytes), label);
  const modules = join(root, "node_modules");
  const wasm = join(modules, "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm");
  found.set(wasm, "wasm");
  found.set(join(modules, "@vscode/codicons/dist/codicon.ttf"), "ttf");
  found.set(model, "onnx");
  return found;
}

/** The ids by magika's rule, and what onnxruntime makes of them. */
async function truth(session: ort.InferenceSession, path: string): Promise<Float32Array> {
  const bytes = readFileSync(path);
  const blank = (byte: number | undefined) => byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
  let head = [...bytes.subarray(0, 4096)];
  let tail = [...bytes.subarray(Math.max(0, bytes.length - 4096))];
  head = head.slice(head.findIndex((byte) => !blank(byte))).slice(0, 1024);
  tail = tail.slice(0, tail.findLastIndex((byte) => !blank(byte)) + 1).slice(-1024);
  const pads = (count: number) => new Array<number>(count).fill(256);
  const ids = [...head, ...pads(1024 - head.length), ...pads(1024 - tail.length), ...tail];
  const [name = ""] = session.inputNames;
  const outputs = await session.run({ [name]: new ort.Tensor("int32", Int32Array.from(ids), [1, 2048]) });
  const data = outputs[session.outputNames[0] ?? ""]?.data;
  assert(data instanceof Float32Array);
  return data;
}

test("more than forty files of different types are told by their bytes, as onnxruntime tells them", async () => {
  const session = await ort.InferenceSession.create(model);
  const all = await files();
  assert(new Set(all.values()).size >= 40);
  for (const [path, label] of all) {
    const { predictions } = await service.predict(request(path));
    const best = predictions.reduce((top, next) => (next.score > top.score ? next : top));
    assert.equal(best.label, label, basename(path));
    const expected = await truth(session, path);
    const highest = Math.max(...expected);
    for (const { index, score } of predictions) {
      const wanted = expected[index] ?? Number.NaN;
      assert(Math.abs(score - wanted) <= 1e-4 * highest, `${basename(path)}: ${score}, not ${wanted}`);
    }
  }
  await session.release();
});

test("what makes a file TypeScript adds up, for the logit and the probability, and stands at the file's characters", async () => {
  const path = join(root, "samples/code/queue.ts");
  for (const link of ["logit", "softmax"] as const) {
    const result = await service.explain(request(path, { link }));
    assert.equal(result.status, "converged", link);
    assert.equal(result.target.label, "typescript");
    assert((result.completenessError.relative ?? 1) <= 0.05);
    const [attribution] = result.attributions;
    assert(attribution?.kind === "text");
    assert.equal(attribution.values.length, 2048);
    assert.equal(attribution.text, readFileSync(path, "utf8"));
    const sum = attribution.values.reduce((total, value) => total + value, 0);
    assert(Math.abs(sum - result.sum) <= 1e-3 * Math.abs(result.sum));
    // Padding is the baseline itself.
    for (const [index, { special }] of attribution.tokens.entries()) {
      if (special === "pad") assert.equal(attribution.values[index], 0);
    }
  }
});

test("what was not seen of a long file is said", async () => {
  const path = write("long.ts", `export const a = 1;\n${"// filler\n".repeat(1000)}export default a;\n`);
  const result = await service.explain(request(path, { tolerance: 0.2, maxEvaluations: 32 }));
  const [attribution] = result.attributions;
  assert(attribution?.kind === "text" && attribution.gap !== null);
  assert(result.warnings.some(({ code, message }) => code === "truncated" && /[78],\d{3} bytes/.test(message)));
  assert.equal(dirname(path), folder);
});
