import * as tf from "@tensorflow/tfjs-core";
import type { OnnxGraph, OnnxInput } from "./onnxGraph.ts";
import { Value } from "./value.ts";

/** An input for the keys or values of earlier steps that never gets any. */
export interface EmptyCache {
  readonly name: string;
  /** Null where the side is the batch; 0 along the tokens. */
  readonly shape: readonly (number | null)[];
}

/** `past_key_values.0.key`, `past_key_values_0_value`, `past_key.3`: exporters number the layers. */
const cacheName = /^past(_key_?values?|_keys?|_values?)[._/]?\d/i;

/** Keys and values of a layer in one, of older exporters; other models have a `past_7_days`. */
const jointName = /^past[._/]?\d+$/i;

/** Keys and values of an encoder's states, which are never empty. */
const encoderCache = /[._/](encoder|cross(_attn|_attention)?)[._/]/i;

/** Of a merged decoder: whether it reads the cache. */
const cacheSwitch = /^use_cache_branch$/;

/** What was read for a cache that is there, and so stands for a decoder that reads everything at once. */
export function withoutCacheBranch(graph: OnnxGraph): OnnxGraph {
  const chosen = graph.inputs.filter(({ name, dtype }) => cacheSwitch.test(name) && dtype === "bool");
  const conditions = new Set(graph.nodes.flatMap(({ op, inputs }) => (op === "If" ? inputs : [])));
  const held = chosen.filter(({ name }) => conditions.has(name));
  if (held.length === 0) return graph;
  const constants = new Map(graph.constants);
  for (const { name, shape = [] } of held) {
    constants.set(name, { dtype: "bool", shape: shape.map(() => 1), data: Uint8Array.of(0) });
  }
  return { ...graph, inputs: graph.inputs.filter((input) => !held.includes(input)), constants };
}

/**
 * Takes the caches out of the inputs of a decoder, and what it puts out to fill them out of its outputs: a cache that no
 * node reads, and one that may be empty. That is an input of real numbers with the name of a cache of the decoder's own
 * and three axes or more (keys and values in one: four), of which the batch and exactly one other side, the tokens, are free. Where one that is read is
 * none of these, all inputs are left as they are.
 */
export function emptyCaches(graph: OnnxGraph): { readonly graph: OnnxGraph; readonly caches: readonly EmptyCache[] } {
  const read = new Set([...graph.nodes.flatMap((node) => [...node.inputs, ...node.captures]), ...graph.outputs]);
  const named = graph.inputs.filter(isNamedSo);
  const caches = named.flatMap((input) => emptyCache(input, read.has(input.name)) ?? []);
  if (caches.length === 0 || caches.length < named.length) return { graph, caches: [] };
  const names = new Set(caches.map(({ name }) => name));
  const outputs = graph.outputs.filter((name) => !/^present/i.test(name));
  return {
    graph: {
      ...graph,
      inputs: graph.inputs.filter(({ name }) => !names.has(name)),
      outputs: outputs.length > 0 ? outputs : graph.outputs,
    },
    caches,
  };
}

function isNamedSo({ name, shape = [] }: OnnxInput): boolean {
  return cacheName.test(name) || (jointName.test(name) && shape.length > 3);
}

function emptyCache({ name, shape = [], dtype }: OnnxInput, isRead: boolean): EmptyCache | undefined {
  if (!isRead) return { name, shape: shape.map((side) => (typeof side === "number" ? side : 0)) };
  if (encoderCache.test(name) || dtype !== "float32" || shape.length < 3) return undefined;
  // Keys and values in one, [2, batch, heads, tokens, dimensions].
  const batch = shape[0] === 2 && shape.length > 3 ? 1 : 0;
  const rows = shape[batch];
  if (rows !== 1 && (typeof rows !== "string" || !isBatch(rows))) return undefined;
  const free = shape.flatMap((side, axis) => (typeof side === "string" && axis !== batch ? [axis] : []));
  const [tokens, ...others] = free;
  if (tokens === undefined || others.length > 0) return undefined;
  return { name, shape: shape.map((side, axis) => (typeof side === "number" ? side : axis === tokens ? 0 : null)) };
}

/** A side that is the batch times the heads cannot be told from the batch alone. */
function isBatch(side: string): boolean {
  return !/[*×]| x |head/i.test(side);
}

/** What the caches of `rows` samples are fed; made inside `tf.tidy`. */
export function cacheFeeds(caches: readonly EmptyCache[], rows: number): Map<string, Value> {
  return new Map(
    caches.map(({ name, shape }) => [
      name,
      Value.of(
        tf.zeros(
          shape.map((side) => side ?? rows),
          "float32",
        ),
      ),
    ]),
  );
}
