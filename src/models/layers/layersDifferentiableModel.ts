import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel, EmbeddingSpec, NodeId, NodeSpec, OutputHead } from "../../engine/port.ts";
import { checkBatch, checkFeed, feedsMissing, unknownNode } from "../feedPlan.ts";
import { isFiniteTensor } from "../finite.ts";
import { markMovable } from "../leanTape.ts";
import { installGradientRepairs } from "../repairs/installGradientRepairs.ts";
import { detached, guardTape, isRecording, rollbackTape, tapeLength } from "../tape.ts";
import { findEmbeddings } from "./findEmbeddings.ts";
import { findHeads } from "./findHeads.ts";
import { type LayerGraph, layerGraph, type Step } from "./layerSteps.ts";
import { OwnLayer } from "./own/ownLayer.ts";

interface Plan {
  readonly steps: readonly Step[];
  /** How often each value is read by the steps of the plan. */
  readonly readers: ReadonlyMap<NodeId, number>;
}

/** A tfjs layers model, executed step by step, in inference mode. Owns the model and disposes it. */
export class LayersDifferentiableModel implements DifferentiableModel {
  readonly inputs: readonly NodeSpec[];
  readonly outputs: readonly NodeSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly heads: readonly OutputHead[];
  readonly embeddings: readonly EmbeddingSpec[];
  readonly parameterCount: number;
  readonly #model: tfl.LayersModel;
  readonly #graph: LayerGraph;
  readonly #specs = new Map<NodeId, NodeSpec>();
  readonly #producers = new Map<NodeId, Step>();
  readonly #plans = new Map<string, Plan>();
  readonly #masked = new Map<NodeId, boolean>();
  #disposed = false;

  constructor(model: tfl.LayersModel) {
    this.#model = model;
    this.#graph = layerGraph(model);
    this.parameterCount = model.countParams();
    this.embeddings = findEmbeddings(this.#graph);
    const ids = new Set(this.embeddings.map((embedding) => embedding.input));
    for (const step of this.#graph.steps) {
      for (const spec of step.outputs) {
        // Token ids are integers, whatever type the format writes down for them.
        const dtype = ids.has(spec.id) ? "int32" : spec.dtype;
        this.#specs.set(spec.id, { ...spec, dtype, inputs: step.inputs });
        this.#producers.set(spec.id, step);
      }
    }
    for (const [alias, id] of this.#graph.aliases) {
      const spec = this.#specs.get(id);
      if (spec !== undefined) this.#specs.set(alias, { ...spec, id: alias, op: "Model", inputs: [id] });
    }
    this.nodes = [...this.#specs.values()];
    this.inputs = this.#graph.inputs.map((id) => this.#spec(id));
    this.outputs = this.#graph.outputs.map((id) => this.#spec(id));
    this.heads = findHeads(this.#graph);
  }

  evaluate(feeds: ReadonlyMap<NodeId, tf.Tensor>, fetches: readonly NodeId[]): tf.Tensor[] {
    return this.#run(feeds, fetches, undefined);
  }

  async firstNonFiniteNode(feeds: ReadonlyMap<NodeId, tf.Tensor>): Promise<NodeId | null> {
    for (const [id, tensor] of feeds) if (!isFiniteTensor(tensor)) return id;
    let found: NodeId | null = null;
    const outputs = this.#run(feeds, this.#graph.outputs, (id, tensor) => {
      if (found === null && !isFiniteTensor(tensor)) found = id;
    });
    tf.dispose(outputs);
    return found;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const weights = this.#model.weights.map((weight) => weight.read());
    this.#model.dispose();
    // tfjs counts the calls of a layer, and keeps those of a model inside the model that is called more than once.
    for (const weight of weights) if (!weight.isDisposed) weight.dispose();
  }

  #run(
    feeds: ReadonlyMap<NodeId, tf.Tensor>,
    fetches: readonly NodeId[],
    visit: ((id: NodeId, value: tf.Tensor) => void) | undefined,
  ): tf.Tensor[] {
    if (this.#disposed) throw new PathlightError("internal", "The model has been disposed.");
    // The backend may be another one than when the model was loaded.
    installGradientRepairs();
    const given = new Map<NodeId, tf.Tensor>();
    for (const [id, tensor] of feeds) {
      checkFeed(this.#spec(id), tensor);
      given.set(this.#real(id), tensor);
    }
    checkBatch(feeds);
    const wanted = fetches.map((id) => this.#real(id));
    const plan = this.#plan(given, wanted);
    const start = tapeLength();
    try {
      return tf.tidy(() => this.#execute(plan, given, wanted, visit));
    } catch (error) {
      rollbackTape(start);
      throw error;
    }
  }

  #execute(
    plan: Plan,
    given: ReadonlyMap<NodeId, tf.Tensor>,
    wanted: readonly NodeId[],
    visit: ((id: NodeId, value: tf.Tensor) => void) | undefined,
  ): tf.Tensor[] {
    if (isRecording()) markMovable(given.values());
    const values = new Map(given);
    const masks = new Map<NodeId, tf.Tensor | null>();
    const readers = new Map(plan.readers);
    const kept = new Set([...given.keys(), ...wanted]);
    for (const step of plan.steps) {
      const inputs = step.inputs.map((id) => values.get(id)).filter((value) => value !== undefined);
      const start = tapeLength();
      const fresh = this.#apply(step, inputs, masks);
      const label = step.outputs[0]?.id ?? step.layer.name;
      if (isRecording()) guardTape(start, () => label);
      step.outputs.forEach((spec, index) => {
        const value = fresh[index];
        // A value that is fed stands, even where its step had to run for a sibling or a mask.
        if (value === undefined || values.has(spec.id)) return;
        values.set(spec.id, value);
        visit?.(spec.id, value);
      });
      for (const id of step.inputs) {
        const left = (readers.get(id) ?? 1) - 1;
        readers.set(id, left);
        if (left === 0 && !kept.has(id) && !isRecording()) values.get(id)?.dispose();
      }
    }
    return wanted.map((id) => {
      const value = values.get(id);
      if (value === undefined) throw unknownNode(id, this.#specs.keys());
      // The caller owns what it fetches, so a node that was fed and fetched, or fetched twice, is another tensor.
      return tf.clone(value);
    });
  }

  #apply(step: Step, inputs: tf.Tensor[], masks: Map<NodeId, tf.Tensor | null>): tf.Tensor[] {
    if (step.activation !== undefined) {
      const [input] = inputs;
      const [id = ""] = step.inputs;
      for (const spec of step.outputs) masks.set(spec.id, masks.get(id) ?? null);
      return input === undefined ? [] : [step.activation.apply(input)];
    }
    const { layer } = step;
    const inputMasks = step.inputs.map((id) => masks.get(id) ?? null);
    const [mask] = inputMasks;
    const single = inputs.length === 1 ? inputs[0] : undefined;
    const outputs = layer.apply(single ?? inputs, { training: false, masks: inputMasks, ...(mask ? { mask } : {}) });
    if (layer instanceof OwnLayer) {
      const [first] = step.outputs;
      const outputMask = layer.outputMask(inputs, inputMasks);
      if (first !== undefined) masks.set(first.id, outputMask === null ? null : detached(outputMask));
    } else if (layer.supportsMasking) {
      const outputMask = computeMask(layer, single ?? inputs, inputMasks);
      for (const spec of step.outputs) masks.set(spec.id, outputMask);
    }
    return (Array.isArray(outputs) ? outputs : [outputs]).filter((output) => output instanceof tf.Tensor);
  }

  #plan(given: ReadonlyMap<NodeId, tf.Tensor>, wanted: readonly NodeId[]): Plan {
    const key = JSON.stringify([[...given.keys()].sort(), wanted]);
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const needed = new Set<Step>();
    const missing = new Set<NodeId>();
    const pending = wanted.filter((id) => !given.has(id) || this.#carriesMask(id));
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      const step = this.#producers.get(id);
      if (step === undefined || needed.has(step)) continue;
      if (step.kind === "input") {
        if (!given.has(id)) missing.add(id);
        continue;
      }
      needed.add(step);
      // A mask comes from above a fed node, so what makes it is needed although the value is not.
      for (const input of step.inputs) if (!given.has(input) || this.#carriesMask(input)) pending.push(input);
    }
    if (missing.size > 0) throw feedsMissing([...missing], wanted, given.keys());
    const steps = this.#graph.steps.filter((step) => needed.has(step));
    const readers = new Map<NodeId, number>();
    for (const id of steps.flatMap((step) => step.inputs)) readers.set(id, (readers.get(id) ?? 0) + 1);
    const plan = { steps, readers };
    this.#plans.set(key, plan);
    return plan;
  }

  /** Whether a value has a mask beside it: made by Embedding with mask_zero or Masking, handed on by layers. */
  #carriesMask(id: NodeId): boolean {
    const known = this.#masked.get(id);
    if (known !== undefined) return known;
    const step = this.#producers.get(id);
    const hands =
      step !== undefined && step.kind !== "input" && (step.kind === "activation" || handsMaskOn(step.layer));
    const makes = hands && ["Embedding", "Masking"].includes(step.layer.getClassName());
    const carries = makes || (hands && step.inputs.some((input) => this.#carriesMask(input)));
    this.#masked.set(id, carries);
    return carries;
  }

  #real(id: NodeId): NodeId {
    return this.#graph.aliases.get(id) ?? id;
  }

  #spec(id: NodeId): NodeSpec {
    const spec = this.#specs.get(id);
    if (spec === undefined) throw unknownNode(id, this.#specs.keys());
    return spec;
  }
}

function handsMaskOn(layer: Step["layer"]): boolean {
  return layer instanceof OwnLayer ? layer.handsMaskOn : layer.supportsMasking;
}

function computeMask(
  layer: Step["layer"],
  inputs: tf.Tensor | tf.Tensor[],
  masks: readonly (tf.Tensor | null)[],
): tf.Tensor | null {
  const present = masks.filter((mask) => mask !== null);
  const handed = Array.isArray(inputs) ? (present.length === masks.length ? present : undefined) : present[0];
  const mask = layer.computeMask(inputs, handed);
  const output = Array.isArray(mask) ? mask[0] : mask;
  // Which steps are masked changes in jumps only: between them a mask is constant.
  return output === undefined || output === null ? null : detached(output);
}
