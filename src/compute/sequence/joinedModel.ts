import { createHash } from "node:crypto";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel, EmbeddingSpec, NodeId, NodeSpec, OutputHead } from "../../engine/port.ts";
import type { LoadedModel } from "../../models/loadedModel.ts";
import { companionRole } from "../../protocol/companionRole.ts";
import { renamedNodes } from "../renamed.ts";

const PREFIX = "decoder/";

/** What a node of the decoder is called in an encoder and a decoder that are joined. */
export function inDecoder(id: NodeId): NodeId {
  return PREFIX + id;
}

/** One joined model for each pair: what is known of a model is kept by the model. */
const joined = new WeakMap<
  DifferentiableModel,
  { readonly decoder: DifferentiableModel; readonly model: JoinedModel }
>();

/**
 * An encoder and a decoder in two files as one model: what the encoder puts out is fed to the decoder's input `states`, and
 * the encoder's attention mask to the decoder's `encoder_attention_mask`. Neither is owned. Throws `manifest-invalid`.
 */
export function joinModels(encoder: LoadedModel, decoder: LoadedModel, states: string): LoadedModel {
  const known = joined.get(encoder.model);
  const model = known?.decoder === decoder.model ? known.model : new JoinedModel(encoder.model, decoder.model, states);
  joined.set(encoder.model, { decoder: decoder.model, model });
  const fingerprint = createHash("sha256").update(`${encoder.fingerprint} ${decoder.fingerprint}`).digest("hex");
  const operations: Record<string, number> = { ...encoder.summary.operations };
  for (const [op, count] of Object.entries(decoder.summary.operations)) operations[op] = (operations[op] ?? 0) + count;
  return {
    ...encoder,
    model,
    fingerprint,
    files: [...encoder.files, ...decoder.files],
    emptyCaches: decoder.emptyCaches ?? [],
    summary: {
      layerCount: encoder.summary.layerCount + decoder.summary.layerCount,
      parameterCount: model.parameterCount,
      weightBytes: encoder.summary.weightBytes + decoder.summary.weightBytes,
      operations,
    },
  };
}

class JoinedModel implements DifferentiableModel {
  readonly inputs: readonly NodeSpec[];
  readonly outputs: readonly NodeSpec[];
  readonly nodes: readonly NodeSpec[];
  readonly heads: readonly OutputHead[];
  readonly embeddings: readonly EmbeddingSpec[];
  readonly parameterCount: number;
  readonly #encoder: DifferentiableModel;
  readonly #decoder: DifferentiableModel;
  /** Inputs of the decoder with the node of the encoder that they take. */
  readonly #links: ReadonlyMap<NodeId, NodeId>;

  constructor(encoder: DifferentiableModel, decoder: DifferentiableModel, states: string) {
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#links = linksOf(encoder, decoder, states);
    const second = renamedNodes(decoder, inDecoder);
    const given = new Set([...this.#links.keys()].map(inDecoder));
    this.inputs = [...encoder.inputs, ...second.inputs.filter(({ id }) => !given.has(id))];
    this.outputs = second.outputs;
    this.nodes = [...encoder.nodes, ...second.nodes.map((spec) => this.#linked(spec))];
    this.heads = second.heads;
    this.embeddings = [...encoder.embeddings, ...second.embeddings];
    this.parameterCount = encoder.parameterCount + decoder.parameterCount;
  }

  evaluate(feeds: ReadonlyMap<NodeId, Tensor>, fetches: readonly NodeId[]): Tensor[] {
    return tidy(() => {
      const ofEncoder = fetches.filter((id) => !id.startsWith(PREFIX));
      const ofDecoder = fetches.filter((id) => id.startsWith(PREFIX)).map(own);
      const encoded = ofEncoder.length === 0 ? [] : this.#encoder.evaluate(this.#encoderFeeds(feeds), ofEncoder);
      const decoded = ofDecoder.length === 0 ? [] : this.#decoder.evaluate(this.#decoderFeeds(feeds), ofDecoder);
      return fetches.map((id) => (id.startsWith(PREFIX) ? decoded : encoded).shift() as Tensor);
    });
  }

  async firstNonFiniteNode(feeds: ReadonlyMap<NodeId, Tensor>): Promise<NodeId | null> {
    const first = await this.#encoder.firstNonFiniteNode(this.#encoderFeeds(feeds));
    if (first !== null) return first;
    const decoderFeeds = this.#decoderFeeds(feeds);
    try {
      const second = await this.#decoder.firstNonFiniteNode(decoderFeeds);
      return second === null ? null : inDecoder(second);
    } finally {
      for (const [id, tensor] of decoderFeeds) if (!feeds.has(inDecoder(id)) && this.#isState(id)) tensor.dispose();
    }
  }

  /** Both parts belong to who loaded them. */
  dispose(): void {}

  #encoderFeeds(feeds: ReadonlyMap<NodeId, Tensor>): Map<NodeId, Tensor> {
    return new Map([...feeds].filter(([id]) => !id.startsWith(PREFIX)));
  }

  #decoderFeeds(feeds: ReadonlyMap<NodeId, Tensor>): Map<NodeId, Tensor> {
    const given = new Map([...feeds].flatMap(([id, tensor]) => (id.startsWith(PREFIX) ? [[own(id), tensor]] : [])));
    for (const [input, from] of this.#links) {
      if (given.has(input)) continue;
      const fed = feeds.get(from);
      const value = fed ?? this.#encoder.evaluate(this.#encoderFeeds(feeds), [from])[0];
      if (value !== undefined) given.set(input, value);
    }
    return given;
  }

  #isState(input: NodeId): boolean {
    const from = this.#links.get(input);
    return from !== undefined && this.#encoder.inputs.every(({ id }) => id !== from);
  }

  #linked(spec: NodeSpec): NodeSpec {
    const from = this.#links.get(own(spec.id));
    return from === undefined ? spec : { ...spec, op: "Encoder", inputs: [from] };
  }
}

function own(id: NodeId): NodeId {
  return id.slice(PREFIX.length);
}

function linksOf(encoder: DifferentiableModel, decoder: DifferentiableModel, states: string): Map<NodeId, NodeId> {
  const output = encoder.outputs[0]?.id ?? "";
  const input = decoder.inputs.find(({ id }) => id === states);
  const width = encoder.outputs[0]?.shape.at(-1) ?? null;
  const wanted = input?.shape.at(-1) ?? null;
  if (input === undefined || (width !== null && wanted !== null && width !== wanted)) {
    const inputs = decoder.inputs.map(({ id, shape }) => `${id} [${shape.slice(1).join(", ")}]`).join(", ");
    throw new PathlightError("manifest-invalid", "The decoder does not take what the encoder puts out.", {
      expected: `an input ${JSON.stringify(states)} of the decoder for ${output}, whose last side is ${width ?? "free"}`,
      found: inputs,
      whatToDo: "Correct `generate.decoder` in pathlight.json.",
    });
  }
  const links = new Map([[states, output]]);
  const mask = encoder.inputs.find(({ id }) => companionRole(id) === "mask")?.id;
  const asked = decoder.inputs.find(({ id }) => /^encoder_attention_?mask$/.test(id))?.id;
  if (mask !== undefined && asked !== undefined) links.set(asked, mask);
  return links;
}
