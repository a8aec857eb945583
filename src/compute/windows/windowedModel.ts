import { concat, keep, reshape, slice, stack, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { DifferentiableModel, EmbeddingSpec, NodeId, NodeSpec, OutputHead } from "../../engine/port.ts";

/** How a text that is longer than a model takes is read; see `TextWindows`. Plain data: it goes to other threads. */
export interface WindowLayout {
  /** The input that takes the ids of the text. */
  readonly input: NodeId;
  /** For each window the position in the whole text of what stands at each of its own, [length]. */
  readonly places: readonly Int32Array[];
}

/**
 * A model that reads one text in several windows. The text is fed once, [rows, tokens], or the embedding of it,
 * [rows, tokens, dimensions], and goes into each window where it stands there, so that a token in two windows is one
 * feature and its gradient the sum over both. Everything that is computed is [rows, windows, ...], and is fed like that
 * as well (what follows from the text, such as a mask, and inner nodes); other inputs are fed as ever and are the same
 * in every window. The score is taken of each window and averaged (`windows` of a score target).
 *
 * The windows are evaluated one after the other, so that a forward pass takes the memory of one. For a gradient, whose
 * tape keeps all that it evaluates, {@link only} gives each window as a model of its own. The model stays its owner's.
 */
export class WindowedModel implements DifferentiableModel {
  readonly inner: DifferentiableModel;
  readonly layout: WindowLayout;
  readonly inputs: readonly NodeSpec[];
  readonly outputs: readonly NodeSpec[];
  readonly nodes: readonly NodeSpec[];
  /** Those that are evaluated. */
  readonly #windows: readonly number[];
  /** Axes, with the batch, of what may be fed as it is: inputs, and the embeddings of these. */
  readonly #axes: ReadonlyMap<NodeId, number>;
  /** The ids of the text and their embeddings. */
  readonly #text: ReadonlySet<NodeId>;

  constructor(
    inner: DifferentiableModel,
    layout: WindowLayout,
    windows: readonly number[] = [...layout.places.keys()],
  ) {
    this.inner = inner;
    this.layout = layout;
    this.#windows = windows;
    const spec = (each: NodeSpec): NodeSpec => ({ ...each, shape: [null, windows.length, ...each.shape.slice(1)] });
    this.inputs = inner.inputs.map(spec);
    this.outputs = inner.outputs.map(spec);
    this.nodes = inner.nodes.map(spec);
    const embedded = inner.embeddings.filter(({ input }) => input === layout.input).map(({ node }) => node);
    this.#text = new Set([layout.input, ...embedded]);
    this.#axes = new Map([
      ...inner.embeddings.map(({ node }) => [node, 3] as const),
      ...inner.inputs.map(({ id, shape }) => [id, shape.length] as const),
    ]);
  }

  get heads(): readonly OutputHead[] {
    return this.inner.heads;
  }

  get embeddings(): readonly EmbeddingSpec[] {
    return this.inner.embeddings;
  }

  get parameterCount(): number {
    return this.inner.parameterCount;
  }

  /** Each window by itself, fed like the whole. */
  get only(): WindowedModel[] {
    return this.#windows.map((window) => new WindowedModel(this.inner, this.layout, [window]));
  }

  evaluate(feeds: ReadonlyMap<NodeId, Tensor>, fetches: readonly NodeId[]): Tensor[] {
    return tidy(() => {
      const found = this.#windows.map((window) =>
        tidy(() => this.inner.evaluate(this.#feedsOf(window, feeds), fetches)),
      );
      return fetches.map((_, k) =>
        stack(
          found.map((outputs) => withBatch(outputs[k] as Tensor)),
          1,
        ),
      );
    });
  }

  async firstNonFiniteNode(feeds: ReadonlyMap<NodeId, Tensor>): Promise<NodeId | null> {
    for (const window of this.#windows) {
      const own = new Map<NodeId, Tensor>();
      tidy(() => {
        for (const [id, feed] of this.#feedsOf(window, feeds)) own.set(id, keep(feed.clone()));
      });
      try {
        const node = await this.inner.firstNonFiniteNode(own);
        if (node !== null) return node;
      } finally {
        for (const feed of own.values()) feed.dispose();
      }
    }
    return null;
  }

  /** Nothing: the model has an owner. */
  dispose(): void {}

  #feedsOf(window: number, feeds: ReadonlyMap<NodeId, Tensor>): Map<NodeId, Tensor> {
    return new Map([...feeds].map(([id, feed]) => [id, this.#feedOf(window, id, feed)]));
  }

  #feedOf(window: number, id: NodeId, feed: Tensor): Tensor {
    if (feed.rank !== this.#axes.get(id)) return windowOf(feed, window);
    return this.#text.has(id) ? placed(feed, this.layout.places[window] ?? new Int32Array()) : feed;
  }
}

/** [rows, windows, ...] → [rows, ...]. */
function windowOf(value: Tensor, window: number): Tensor {
  const [rows = 1, , ...rest] = value.shape;
  return reshape(slice(value, [0, window, ...rest.map(() => 0)], [rows, 1, ...rest]), [rows, ...rest]);
}

/** [rows, tokens, ...] → [rows, length, ...], by the stretches that stand together: their gradients are plain. */
function placed(value: Tensor, places: Int32Array): Tensor {
  const [rows = 1, , ...rest] = value.shape;
  const origin = rest.map(() => 0);
  const parts = stretches(places).map(({ from, count }) => slice(value, [0, from, ...origin], [rows, count, ...rest]));
  return parts.length === 1 ? (parts[0] as Tensor) : concat(parts, 1);
}

function stretches(places: Int32Array): { from: number; count: number }[] {
  const found: { from: number; count: number }[] = [];
  for (const place of places) {
    const last = found.at(-1);
    if (last !== undefined && last.from + last.count === place) last.count++;
    else found.push({ from: place, count: 1 });
  }
  return found;
}

/** What has no axes is the same for every row. */
function withBatch(value: Tensor): Tensor {
  return value.rank === 0 ? reshape(value, [1]) : value;
}
