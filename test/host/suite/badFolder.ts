import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { inWorkspace } from "./support.ts";

/** A folder of the workspace with a model, a manifest and samples of its own, each of which a test may spoil. */
export class BadFolder {
  readonly path: string;

  constructor(name: string) {
    this.path = inWorkspace("bad", name);
    mkdirSync(this.path, { recursive: true });
  }

  file(name: string): string {
    return join(this.path, name);
  }

  uri(name: string): vscode.Uri {
    return vscode.Uri.file(this.file(name));
  }

  write(name: string, content: string | Uint8Array): this {
    writeFileSync(this.file(name), content);
    return this;
  }

  /** Changes a file's bytes. */
  edit(name: string, change: (bytes: Buffer) => Buffer | string): this {
    return this.write(name, change(readFileSync(this.file(name))));
  }

  /** The digits model with one of its pictures. */
  pictures(): this {
    cpSync(inWorkspace("models", "digit-scenes"), this.path, { recursive: true });
    cpSync(inWorkspace("scenes", "0007.png"), this.file("scene.png"));
    const inputs = [{ kind: "image", size: [48, 48], channels: "grey" }];
    return this.manifest({ name: "pictures", inputs, labels: "labels.txt", task: "multi-label" }, { files: "*.png" });
  }

  /** The question classifier with two rows. */
  rows(): this {
    cpSync(inWorkspace("models", "question-classifier"), this.path, { recursive: true });
    this.write("rows.jsonl", '{"question":"Who wrote Hamlet?"}\n{"answer":"Shakespeare"}\n');
    const tokenizer = { type: "words", vocabulary: "vocab.txt" };
    const inputs = [{ kind: "text", tokenizer, length: 32 }];
    return this.manifest({ name: "rows", inputs, labels: "labels.txt" }, { files: "*.jsonl", text: "question" });
  }

  /** A graph of the given nodes behind the placeholder x, with the sample x.npy. */
  graph(size: number, nodes: readonly object[], values: readonly number[]): this {
    const dim = [{ size: "-1" }, { size: String(size) }];
    const placeholder = {
      name: "x",
      op: "Placeholder",
      attr: { dtype: { type: "DT_FLOAT" }, shape: { shape: { dim } } },
    };
    const modelTopology = { node: [placeholder, ...nodes], versions: { producer: 1 } };
    this.write("model.json", JSON.stringify({ format: "graph-model", modelTopology, weightsManifest: [] }));
    return this.tensor("x.npy", [values.length], values);
  }

  /** One dense layer, [inputs, 1], without bias. */
  dense(kernel: readonly number[], values: readonly number[], inputs: number | null = kernel.length): this {
    const config = {
      name: "dense",
      units: 1,
      activation: "linear",
      use_bias: false,
      batch_input_shape: [null, inputs],
    };
    const layers = [{ class_name: "Dense", config: { ...config, dtype: "float32" } }];
    const model_config = { class_name: "Sequential", config: { name: "tiny", layers } };
    const weights = [{ name: "dense/kernel", shape: [kernel.length, 1], dtype: "float32" }];
    const weightsManifest = [{ paths: ["weights.bin"], weights }];
    const modelTopology = { keras_version: "2.15.0", backend: "tensorflow", model_config };
    this.write("model.json", JSON.stringify({ format: "layers-model", modelTopology, weightsManifest }));
    this.write("weights.bin", new Uint8Array(Float32Array.from(kernel).buffer));
    return this.tensor("x.npy", [values.length], values);
  }

  npy(name: string, shape: readonly number[], values: readonly number[]): this {
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
    const padded = `${header.padEnd(117)}\n`;
    const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, padded.length, 0]);
    return this.write(
      name,
      Buffer.concat([start, Buffer.from(padded), new Uint8Array(Float32Array.from(values).buffer)]),
    );
  }

  manifest(model: object, dataset: object): this {
    const models = [{ path: "model.json", ...model }];
    const name = "name" in model ? model.name : "model";
    return this.write(
      "pathlight.json",
      JSON.stringify({ models, datasets: [{ name: "samples", model: name, ...dataset }] }),
    );
  }

  private tensor(name: string, shape: readonly number[], values: readonly number[]): this {
    this.manifest({ name: "numbers", inputs: [{ kind: "tensor" }] }, { files: "*.npy" });
    return this.npy(name, shape, values);
  }
}
