import { z } from "zod";
import { PathlightError } from "../../../common/errors.ts";
import { modelInvalid } from "../../disk/modelErrors.ts";
import { isRecord } from "../../disk/readModelJson.ts";
import { type KerasGeneration, type LayerNode, type ModelGraph, TensorRef } from "./layerNode.ts";
import { parseCalls } from "./parseCalls.ts";

const layerSchema = z.looseObject({
  class_name: z.string().min(1),
  config: z.looseObject({}),
  name: z.string().optional(),
  module: z.string().nullish(),
  registered_name: z.string().nullish(),
  inbound_nodes: z.array(z.unknown()).default([]),
  build_config: z.looseObject({ input_shape: z.unknown().optional() }).nullish(),
});

const shapeSchema = z.array(z.int().positive().nullable()).min(1);
const modelClasses: ReadonlySet<string> = new Set(["Sequential", "Functional", "Model"]);

/** As a model may be nested; Keras itself would not get further. */
const deepest = 32;

/**
 * The configuration of a whole model, of Keras 2 or 3, in one form. Errors: `model-invalid`, and `model-unknown-op` for a
 * model whose graph is code (a subclass of Model).
 */
export function parseModel(file: string, json: unknown, generation: KerasGeneration): LayerNode {
  const node = new Parser(file, generation).layer(json, "", 0);
  if (node.graph !== undefined) return node;
  throw new PathlightError(
    "model-unknown-op",
    `The model is of the class ${node.className}, whose graph is Python code.`,
    {
      file,
      expected: "a Sequential or a functional model",
      found: `${node.className} at the top`,
      whatToDo: "Build the model with the functional API, or export it to ONNX.",
    },
  );
}

class Parser {
  readonly #file: string;
  readonly #generation: KerasGeneration;

  constructor(file: string, generation: KerasGeneration) {
    this.#file = file;
    this.#generation = generation;
  }

  layer(json: unknown, prefix: string, depth: number, siblings: ReadonlySet<string> = new Set()): LayerNode {
    const checked = layerSchema.safeParse(withLayersNamed(json));
    if (!checked.success || depth > deepest) {
      throw this.#malformed(
        prefix || "the top",
        depth > deepest ? "models nested too deep" : z.prettifyError(checked.error ?? new z.ZodError([])),
      );
    }
    const { class_name: className, config, module } = checked.data;
    const named = config["name"];
    const name = checked.data.name ?? (typeof named === "string" ? named : className);
    const path = prefix === "" ? name : `${prefix}/${name}`;
    const isModel = modelClasses.has(className) && !isOperation(module);
    // The outermost model's own name says nothing about where a layer is.
    const inside = depth === 0 ? "" : path;
    const graph = isModel
      ? this.#graph(className, config, checked.data.build_config?.input_shape, inside, path, depth)
      : undefined;
    return {
      className,
      name,
      path,
      operation:
        isOperation(module) || (this.#generation === 3 && typeof module !== "string" && isBareOperation(config)),
      custom: isCustom(className, module, checked.data.registered_name),
      config,
      calls: parseCalls(checked.data.inbound_nodes, siblings, (found) => this.#malformed(path, found)),
      trainable: config["trainable"] !== false,
      graph,
      wrapped: this.#wrapped(config, path, depth),
      generation: this.#generation,
    };
  }

  #wrapped(config: Record<string, unknown>, path: string, depth: number): Map<string, LayerNode> {
    const wrapped = new Map<string, LayerNode>();
    for (const key of ["layer", "backward_layer"]) {
      const inner = config[key];
      if (isRecord(inner) && "class_name" in inner) wrapped.set(key, this.layer(inner, path, depth + 1));
    }
    return wrapped;
  }

  #graph(
    className: string,
    config: Record<string, unknown>,
    buildShape: unknown,
    inside: string,
    path: string,
    depth: number,
  ): ModelGraph {
    const list = config["layers"];
    if (!Array.isArray(list) || list.length === 0) throw this.#malformed(path, "a model without layers");
    const names = new Set(list.map(nameOf).filter((name) => name !== undefined));
    const layers = list.map((each: unknown) => this.layer(each, inside, depth + 1, names));
    if (names.size < layers.length) throw this.#malformed(path, "two layers of one name");
    if (className === "Sequential") {
      const shape = shapeSchema.safeParse(config["build_input_shape"] ?? buildShape);
      return { layers, builtShape: shape.success ? shape.data : undefined };
    }
    const inputs = this.#ends(config["input_layers"], path);
    const outputs = this.#ends(config["output_layers"], path);
    return { layers, ends: { inputs, outputs } };
  }

  /** [name, node, tensor], or lists or records of these. */
  #ends(json: unknown, path: string): TensorRef[] {
    const single = z.tuple([z.string(), z.int().nonnegative(), z.int().nonnegative()]).safeParse(json);
    if (single.success) return [new TensorRef(...single.data)];
    const list: unknown[] | undefined = Array.isArray(json) ? json : isRecord(json) ? Object.values(json) : undefined;
    if (list === undefined || list.length === 0) throw this.#malformed(path, "no inputs or outputs");
    return list.flatMap((each) => this.#ends(each, path));
  }

  #malformed(path: string, found: string): PathlightError {
    return modelInvalid(
      this.#file,
      `The configuration of the model is not well formed at ${path}.`,
      "layers with class_name, config and inbound_nodes, as Keras writes them",
      found.replaceAll(/\s+/g, " ").slice(0, 300),
      "Save the model again.",
    );
  }
}

function isOperation(module: string | null | undefined): boolean {
  return typeof module === "string" && module.startsWith("keras.src.ops");
}

function isCustom(
  className: string,
  module: string | null | undefined,
  registered: string | null | undefined,
): boolean {
  if (typeof module === "string" && !/^(tf_)?keras(\.|$)/.test(module)) return true;
  return className.includes(">") || (typeof registered === "string" && registered.includes(">"));
}

/** Keras 3 leaves the module out of .h5 files; a layer's configuration always has a type of its numbers. */
function isBareOperation(config: Record<string, unknown>): boolean {
  return !("dtype" in config) && !("layers" in config) && !("trainable" in config);
}

function nameOf(layer: unknown): string | undefined {
  if (!isRecord(layer)) return undefined;
  const inner = isRecord(layer["config"]) ? layer["config"]["name"] : undefined;
  const name = layer["name"] ?? inner;
  return typeof name === "string" ? name : undefined;
}

/** Sequential models of Keras before 2.2.3 are a plain list of layers. */
function withLayersNamed(json: unknown): unknown {
  return isRecord(json) && Array.isArray(json["config"]) ? { ...json, config: { layers: json["config"] } } : json;
}
