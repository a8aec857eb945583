import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface FileWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

const folders: string[] = [];

process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pathlight-models-"));
  folders.push(folder);
  return folder;
}

/** Reads the weights of an unquantised model from disk. */
export function readFileWeights(folder: string): Map<string, FileWeight> {
  const { weightsManifest } = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  const bytes = readFileSync(join(folder, "weights.bin"));
  const weights = new Map<string, FileWeight>();
  let offset = 0;
  for (const { name, shape } of weightsManifest[0].weights) {
    const size = shape.reduce((product: number, each: number) => product * each, 1);
    const values = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + 4 * size),
    );
    weights.set(name, { name, shape, values });
    offset += 4 * size;
  }
  return weights;
}

/** A tfjs graph model on disk: nodes as they stand in a GraphDef, a Const node for each weight. */
export function writeGraphModel(
  nodes: readonly GraphNode[],
  weights: readonly FileWeight[],
  functions: readonly object[] = [],
): string {
  const constants = weights.map(({ name, values }) => ({
    name,
    op: "Const",
    attr: { dtype: { type: dtype(values) } },
  }));
  const library = functions.length === 0 ? {} : { library: { function: functions } };
  return writeModel({ node: [...constants, ...nodes], ...library, versions: { producer: 1 } }, weights, "graph-model");
}

function writeModel(modelTopology: unknown, weights: readonly FileWeight[], format: string): string {
  const folder = temporaryFolder();
  const manifest = weights.map(({ name, shape, values }) => ({
    name,
    shape,
    dtype: values instanceof Int32Array ? "int32" : "float32",
  }));
  const weightsManifest = [{ paths: ["weights.bin"], weights: manifest }];
  writeFileSync(join(folder, "model.json"), JSON.stringify({ format, modelTopology, weightsManifest }));
  const bytes = weights.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  writeFileSync(join(folder, "weights.bin"), Buffer.concat(bytes));
  return folder;
}

function dtype(values: Float32Array | Int32Array): string {
  return values instanceof Int32Array ? "DT_INT32" : "DT_FLOAT";
}

/** A string attribute: GraphDef JSON holds bytes in base64. */
export function text(value: string): { s: string } {
  return { s: Buffer.from(value).toString("base64") };
}

export function integers(values: readonly number[]): { list: { i: string[] } } {
  return { list: { i: values.map(String) } };
}

export function placeholder(name: string, shape: readonly number[], type = "DT_FLOAT"): GraphNode {
  return {
    name,
    op: "Placeholder",
    attr: { dtype: { type }, shape: { shape: { dim: shape.map((size) => ({ size: String(size) })) } } },
  };
}

export function constant(
  name: string,
  values: readonly number[],
  shape: readonly number[] = [values.length],
): FileWeight {
  return { name, shape, values: Int32Array.from(values) };
}
