import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { npyBytes } from "../../../src/samples/index.ts";

export const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));

export interface ModelJson {
  modelTopology: {
    model_config: { config: { layers: { class_name: string; config: Record<string, unknown> }[] } };
  };
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[];
}

/** A folder that a test may fill and that is removed when the process ends. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), "pathlight-cli-"));
  #count = 0;

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  out(): string {
    this.#count++;
    return this.path(`out-${this.#count}`);
  }

  write(name: string, content: string | Uint8Array): string {
    const path = this.path(name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  npy(name: string, shape: readonly number[], data: Float32Array | Int32Array): string {
    return this.write(name, npyBytes(shape, data));
  }

  /** A grey picture, value 0 to 255 by place. */
  async png(name: string, width: number, height: number, value: (x: number, y: number) => number): Promise<string> {
    const data = Uint8Array.from({ length: width * height }, (_, at) => value(at % width, Math.floor(at / width)));
    return this.write(
      name,
      await sharp(data, { raw: { width, height, channels: 1 } })
        .png()
        .toBuffer(),
    );
  }

  /** A copy of the digits or the text model in a folder of its own, changed before it is written. */
  model(name: string, source: "digits" | "text", change: (model: ModelJson) => void = () => {}): string {
    const folder = this.path(name);
    cpSync(join(fixtures, "oracle", source, "model"), folder, { recursive: true });
    const file = join(folder, "model.json");
    const model = JSON.parse(readFileSync(file, "utf8")) as ModelJson;
    change(model);
    writeFileSync(file, JSON.stringify(model));
    return file;
  }

  /** A layers model of one dense layer, inputs × outputs. */
  dense(name: string, kernel: number[][], bias: number[], activation = "linear"): string {
    const inputs = kernel.length;
    const units = bias.length;
    const config = {
      name: "dense",
      units,
      activation,
      use_bias: true,
      batch_input_shape: [null, inputs],
      dtype: "float32",
    };
    const model = {
      format: "layers-model",
      modelTopology: {
        keras_version: "2.15.0",
        backend: "tensorflow",
        model_config: { class_name: "Sequential", config: { name: "tiny", layers: [{ class_name: "Dense", config }] } },
      },
      weightsManifest: [
        {
          paths: ["weights.bin"],
          weights: [
            { name: "dense/kernel", shape: [inputs, units], dtype: "float32" },
            { name: "dense/bias", shape: [units], dtype: "float32" },
          ],
        },
      ],
    };
    this.write(join(name, "weights.bin"), new Uint8Array(Float32Array.from([...kernel.flat(), ...bias]).buffer));
    return this.write(join(name, "model.json"), JSON.stringify(model));
  }

  /** F = a0 + 2 a1 + 3 b0 + 4 b1: a layers model with the inputs a and b. */
  twoInputs(name: string): string {
    const input = (id: string) => ({
      class_name: "InputLayer",
      name: id,
      config: { batch_input_shape: [null, 2], dtype: "float32", sparse: false, name: id },
      inbound_nodes: [],
    });
    const layers = [
      input("a"),
      input("b"),
      {
        class_name: "Concatenate",
        name: "both",
        config: { name: "both", axis: -1 },
        inbound_nodes: [
          [
            ["a", 0, 0, {}],
            ["b", 0, 0, {}],
          ],
        ],
      },
      {
        class_name: "Dense",
        name: "dense",
        config: { name: "dense", units: 1, activation: "linear", use_bias: false },
        inbound_nodes: [[["both", 0, 0, {}]]],
      },
    ];
    const config = {
      name: "two",
      layers,
      input_layers: [
        ["a", 0, 0],
        ["b", 0, 0],
      ],
      output_layers: [["dense", 0, 0]],
    };
    const model = {
      format: "layers-model",
      modelTopology: { keras_version: "2.15.0", model_config: { class_name: "Model", config } },
      weightsManifest: [
        { paths: ["weights.bin"], weights: [{ name: "dense/kernel", shape: [4, 1], dtype: "float32" }] },
      ],
    };
    this.write(join(name, "weights.bin"), new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
    return this.write(join(name, "model.json"), JSON.stringify(model));
  }

  /** The text model with a vocabulary of forty words and a manifest. */
  textModel(name: string): string {
    const model = this.model(name, "text");
    const words = ["[PAD]", "[UNK]", ...Array.from({ length: 38 }, (_, index) => `w${index}`)];
    this.write(join(name, "vocab.txt"), `${words.join("\n")}\n`);
    this.write(
      join(name, "pathlight.json"),
      JSON.stringify({
        models: [
          {
            name: "words",
            path: "model.json",
            inputs: [{ kind: "text", tokenizer: { type: "words", vocabulary: "vocab.txt" } }],
            labels: ["a", "b", "c"],
          },
        ],
        datasets: [{ name: "rows", files: "*.jsonl", model: "words", text: "text" }],
      }),
    );
    return model;
  }

  /** The digits model with a manifest that takes pictures. */
  imageModel(name: string): string {
    const model = this.model(name, "digits");
    this.write(
      join(name, "pathlight.json"),
      JSON.stringify({
        models: [{ name: "digits", path: "model.json", inputs: [{ kind: "image" }] }],
        datasets: [{ name: "pictures", files: "**/*.png", model: "digits" }],
      }),
    );
    return model;
  }
}
