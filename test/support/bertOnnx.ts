import { seededRandom } from "../../src/common/random.ts";
import { onnxBytes, type TestNode, type TestTensor } from "../unit/models/onnx/support/onnxBytes.ts";

export interface BertSize {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly words: number;
  /** Most positions. */
  readonly longest: number;
  readonly classes: number;
  /** Labels every position, [batch, sequence, classes], in place of the whole text. */
  readonly eachPosition?: boolean;
}

/** The same network from the middle: what the word embedding puts out is the input `embedded`, [batch, sequence, width]. */
export function bertFromEmbedding(size: BertSize): Uint8Array {
  return new BertWriter(size, true).write();
}

/**
 * A BERT encoder with a classifier as PyTorch's exporter writes it (operator set 13), random weights: input_ids,
 * attention_mask and token_type_ids, free batch and length, logits. Devlin et al. 2018 (arXiv:1810.04805).
 */
export function bertOnnx(size: BertSize): Uint8Array {
  return new BertWriter(size, false).write();
}

class BertWriter {
  readonly #size: BertSize;
  readonly #startsAtEmbedding: boolean;
  readonly #nodes: TestNode[] = [];
  readonly #constants: Record<string, TestTensor> = {};
  readonly #random = seededRandom(11);

  constructor(size: BertSize, startsAtEmbedding: boolean) {
    this.#size = size;
    this.#startsAtEmbedding = startsAtEmbedding;
  }

  write(): Uint8Array {
    const { layers, width, words, longest, classes } = this.#size;
    const shape = this.#node("Shape", [this.#startsAtEmbedding ? "embedded" : "input_ids"], "length/shape");
    const one = this.#integers("one", [1]);
    const length = this.#node("Gather", [shape, one], "length", { axis: 0 });
    const places = this.#constant(
      "positions/ids",
      "int64",
      [1, longest],
      Array.from({ length: longest }, (_, i) => i),
    );
    const axes = this.#integers("axis1", [1]);
    const start = this.#integers("zero", [0]);
    const ids = this.#node("Slice", [places, start, length, axes], "positions/slice");
    // Drawn in both cases, so that all other weights are the same.
    const table = this.#weights("words", [words, width], 1);
    const word = this.#startsAtEmbedding ? "embedded" : this.#node("Gather", [table, "input_ids"], "embeddings/words");
    const type = this.#node("Gather", [this.#weights("types", [2, width], 0.1), "token_type_ids"], "embeddings/types");
    const place = this.#node("Gather", [this.#weights("places", [longest, width], 0.3), ids], "embeddings/positions");
    const sum = this.#node("Add", [this.#node("Add", [word, type], "embeddings/a"), place], "embeddings/b");
    let x = this.#layerNorm("embeddings", sum);
    const mask = this.#mask();
    for (let layer = 0; layer < layers; layer++) x = this.#layer(`layer.${layer}`, x, mask);
    if (this.#size.eachPosition === true) {
      const labels = this.#linear("classifier", x, width, classes);
      this.#nodes.push({ op: "Identity", inputs: [labels], outputs: ["logits"] });
      return this.#bytes(["batch", "sequence", classes]);
    }
    const first = this.#node("Gather", [x, this.#constant("first", "int64", [], [0])], "pooler/first", { axis: 1 });
    const pooled = this.#node("Tanh", [this.#linear("pooler/dense", first, width, width)], "pooler/tanh");
    this.#nodes.push({
      op: "Identity",
      inputs: [this.#linear("classifier", pooled, width, classes)],
      outputs: ["logits"],
    });
    return this.#bytes(["batch", classes]);
  }

  #bytes(output: readonly (number | string)[]): Uint8Array {
    const { width } = this.#size;
    const whole = (name: string) => ({ name, type: "int64", shape: ["batch", "sequence"] }) as const;
    const embedded = { name: "embedded", type: "float", shape: ["batch", "sequence", width] } as const;
    return onnxBytes(
      {
        nodes: this.#nodes,
        constants: this.#constants,
        inputs: [
          this.#startsAtEmbedding ? embedded : whole("input_ids"),
          whole("attention_mask"),
          whole("token_type_ids"),
        ],
        outputs: [{ name: "logits", type: "float", shape: output }],
      },
      13,
    );
  }

  /** (1 − mask)·−10000, for every head and query. */
  #mask(): string {
    const axes = this.#integers("mask/axes", [1, 2]);
    const wide = this.#node("Unsqueeze", ["attention_mask", axes], "mask/wide");
    const float = this.#node("Cast", [wide], "mask/float", { to: 1 });
    const turned = this.#node("Sub", [this.#scalar("mask/one", 1), float], "mask/turned");
    return this.#node("Mul", [turned, this.#scalar("mask/low", -10_000)], "mask/out");
  }

  #layer(name: string, x: string, mask: string): string {
    const { width } = this.#size;
    const attended = this.#attention(`${name}/attention`, x, mask);
    const y = this.#layerNorm(`${name}/attention`, this.#node("Add", [attended, x], `${name}/residual`));
    const wide = this.#linear(`${name}/intermediate`, y, width, 4 * width);
    const narrow = this.#linear(`${name}/output`, this.#gelu(`${name}/gelu`, wide), 4 * width, width);
    return this.#layerNorm(`${name}/output`, this.#node("Add", [narrow, y], `${name}/residual2`));
  }

  #attention(name: string, x: string, mask: string): string {
    const { width, heads } = this.#size;
    const split = this.#integers("heads/shape", [0, 0, heads, width / heads]);
    const head = (part: string, perm: readonly number[]) => {
      const flat = this.#linear(`${name}/${part}`, x, width, width);
      const parted = this.#node("Reshape", [flat, split], `${name}/${part}/heads`);
      return this.#node("Transpose", [parted], `${name}/${part}/turned`, { perm });
    };
    const scores = this.#node("MatMul", [head("query", [0, 2, 1, 3]), head("key", [0, 2, 3, 1])], `${name}/scores`);
    const scaled = this.#node("Div", [scores, this.#scalar("heads/scale", Math.sqrt(width / heads))], `${name}/scaled`);
    const masked = this.#node("Add", [scaled, mask], `${name}/masked`);
    const weights = this.#node("Softmax", [masked], `${name}/weights`, { axis: -1 });
    const mixed = this.#node("MatMul", [weights, head("value", [0, 2, 1, 3])], `${name}/mixed`);
    const turned = this.#node("Transpose", [mixed], `${name}/back`, { perm: [0, 2, 1, 3] });
    const joined = this.#node("Reshape", [turned, this.#integers("joined/shape", [0, 0, width])], `${name}/joined`);
    return this.#linear(`${name}/dense`, joined, width, width);
  }

  #layerNorm(name: string, x: string): string {
    const { width } = this.#size;
    const mean = this.#node("ReduceMean", [x], `${name}/mean`, { axes: [-1] });
    const centred = this.#node("Sub", [x, mean], `${name}/centred`);
    const square = this.#node("Pow", [centred, this.#scalar("two", 2)], `${name}/square`);
    const variance = this.#node("ReduceMean", [square], `${name}/variance`, { axes: [-1] });
    const safe = this.#node("Add", [variance, this.#scalar("epsilon", 1e-12)], `${name}/safe`);
    const root = this.#node("Sqrt", [safe], `${name}/root`);
    const normal = this.#node("Div", [centred, root], `${name}/normal`);
    const gain = this.#constant(`${name}/gain`, "float", [width], Array<number>(width).fill(1));
    const scaled = this.#node("Mul", [normal, gain], `${name}/scaled-norm`);
    return this.#node("Add", [scaled, this.#weights(`${name}/shift`, [width], 0.1)], `${name}/norm`);
  }

  #gelu(name: string, x: string): string {
    const erf = this.#node(
      "Erf",
      [this.#node("Div", [x, this.#scalar("root2", Math.SQRT2)], `${name}/div`)],
      `${name}/erf`,
    );
    const gate = this.#node("Add", [erf, this.#scalar("gate", 1)], `${name}/gate`);
    return this.#node("Mul", [this.#node("Mul", [x, gate], `${name}/mul`), this.#scalar("half", 0.5)], `${name}/out`);
  }

  #linear(name: string, x: string, from: number, to: number): string {
    const product = this.#node(
      "MatMul",
      [x, this.#weights(`${name}/weight`, [from, to], 1 / Math.sqrt(from))],
      `${name}/matmul`,
    );
    return this.#node("Add", [product, this.#weights(`${name}/bias`, [to], 0.02)], `${name}/add`);
  }

  #node(op: string, inputs: readonly string[], output: string, attributes: TestNode["attributes"] = {}): string {
    this.#nodes.push({ op, inputs, outputs: [output], name: `/bert/${output}/${op}`, attributes });
    return output;
  }

  #weights(name: string, shape: readonly number[], scale: number): string {
    const size = shape.reduce((product, side) => product * side, 1);
    return this.#constant(
      name,
      "float",
      shape,
      Array.from({ length: size }, () => (2 * this.#random() - 1) * scale * Math.sqrt(3)),
    );
  }

  #scalar(name: string, value: number): string {
    return this.#constant(name, "float", [], [value]);
  }

  #integers(name: string, values: readonly number[]): string {
    return this.#constant(name, "int64", [values.length], values);
  }

  #constant(name: string, type: TestTensor["type"], shape: readonly number[], data: readonly number[]): string {
    this.#constants[name] = { type, shape, data };
    return name;
  }
}
