import { seededRandom } from "../../../../src/common/random.ts";
import type { Attribution, Explanation } from "../../../../src/protocol/explanation.ts";
import type { LayersFound, LayersState } from "../../../../src/protocol/layersPanel.ts";
import type {
  AblationResult,
  Conservation,
  LayerSum,
  NeuronDetail,
  NeuronSources,
  Neurons,
  Patch,
  Pruning,
} from "../../../../src/protocol/neurons.ts";
import type { HostToPanel } from "../../../../src/protocol/panel.ts";

/** Made-up figures of the inside of a network, consistent with each other: rows add up to what their checks say. */

export const patchA: Patch = { name: "A", region: { kind: "rectangle", y0: 32, x0: 64, y1: 96, x1: 128 } };
export const patchB: Patch = { name: "B", region: { kind: "rectangle", y0: 0, x0: 160, y1: 96, x1: 224 } };

const layerNames: readonly (readonly [string, number, number])[] = [
  ["Conv1_relu", 112, 32],
  ["expanded_conv_project_BN", 112, 16],
  ["block_1_expand_relu", 112, 96],
  ["block_1_project_BN", 56, 24],
  ["block_2_add", 56, 24],
  ["block_3_expand_relu", 56, 144],
  ["block_3_project_BN", 28, 32],
  ["block_4_add", 28, 32],
  ["block_5_add", 28, 32],
  ["block_6_expand_relu", 28, 192],
  ["block_7_add", 14, 64],
  ["block_8_add", 14, 64],
  ["block_9_add", 14, 64],
  ["block_10_project_BN", 14, 96],
  ["block_12_add", 14, 96],
  ["block_13_expand_relu", 14, 576],
  ["block_13_project_BN", 7, 160],
  ["block_14_expand_relu", 7, 960],
  ["block_14_add", 7, 160],
  ["block_16_project_BN", 7, 320],
  ["out_relu", 7, 1280],
  ["global_average_pooling2d", 0, 1280],
];

export function conservation(runId: string, deltaF: number, known = layerNames.length): Conservation {
  const random = seededRandom(4);
  const layers: LayerSum[] = layerNames.map(([node, side, channels], at) => {
    const shape = side === 0 ? [channels] : [side, side, channels];
    const off = (random() - 0.5) * 0.04;
    const isCut = node !== "block_14_expand_relu";
    const waits = at >= known;
    const refused = node === "block_10_project_BN";
    return {
      node,
      op: node.endsWith("add") ? "Add" : side === 0 ? "Mean" : node.endsWith("BN") ? "FusedBatchNorm" : "Relu6",
      shape,
      state: waits ? "waits" : refused ? "refused" : isCut ? "cut" : "not-a-cut",
      sum: waits || refused ? null : isCut ? deltaF * (1 + off) : deltaF * 0.21,
      residual: waits || refused || !isCut ? null : Math.abs(off),
      concentration: waits || refused ? null : 0.24 + 0.5 * random() * (at > 18 ? 1.4 : 0.6),
      cutWith: isCut ? [] : ["block_14_expand_relu", "block_13_project_BN"],
      ...(refused ? { reason: "its values are whole numbers" } : {}),
    };
  });
  const residuals = layers.flatMap(({ residual }) => residual ?? []);
  return {
    runId,
    deltaF,
    layers,
    points: 257,
    largestResidual: residuals.length === 0 ? null : Math.max(...residuals),
    seconds: 3.1,
  };
}

interface NeuronsOptions {
  readonly runId: string;
  readonly deltaF: number;
  readonly patches: readonly {
    readonly name: string;
    readonly kind: "patch" | "cell";
    readonly region: Patch["region"];
  }[];
  readonly layer?: readonly string[];
  readonly shape?: readonly number[];
  readonly grid?: Neurons["grid"];
  readonly change?: Partial<Neurons>;
}

/** Few neurons are strong, most are weak; parts share each neuron's conductance between them, and miss a little of it. */
export function neurons({ runId, deltaF, patches, grid = null, change = {}, ...options }: NeuronsOptions): Neurons {
  const layer = options.layer ?? ["block_13_expand_relu"];
  const shape = [...(options.shape ?? [14, 14, 576])];
  const count = shape.at(-1) ?? 1;
  const random = seededRandom(11);
  const raw = Float32Array.from({ length: count }, () => (random() - 0.42) * random() ** 6);
  const sum = raw.reduce((total, value) => total + value, 0);
  const conductance = raw.map((value) => value * (deltaF / sum) * 0.986);
  const size = conductance.reduce((total, value) => total + Math.abs(value), 0);
  const shares = patches.map(() =>
    Float32Array.from({ length: count }, () => (random() - 0.25) ** 3 * (grid === null ? 1.6 : 0.5)),
  );
  const values = Float32Array.from(
    shares.flatMap((row) => [...row].map((share, at) => share * (conductance[at] ?? 0))),
  );
  const errors = values.map((value) => 0.02 * Math.abs(value) + (0.0016 * size) / Math.sqrt(count) / 4);
  return {
    runId,
    layer: [...layer],
    nodes: [{ id: layer[0] ?? "", op: "Relu6", shape, axis: shape.length - 1, offset: 0, count }],
    status: "converged",
    score: { input: deltaF + 1.18, baseline: 1.18 },
    deltaF,
    patches: patches.map((patch, at) => {
      const row = values.subarray(at * count, (at + 1) * count);
      return { ...patch, sum: row.reduce((total, value) => total + value, 0), error: 0.01 };
    }),
    grid,
    conductance,
    conductanceErrors: conductance.map((value) => 0.01 * Math.abs(value) + 0.002),
    values,
    errors,
    conservation: { sum: deltaF * 0.986, deltaF, residual: 0.014, isCut: true, bypass: null, cutWith: [] },
    partition: { residual: 0.004, worst: { neuron: 41, share: 0.0004 } },
    derivatives: { method: "double-vjp", error: 0, disagreement: null },
    featureError: 0.018,
    tolerance: 0.02,
    evaluations: 129,
    rounds: 6,
    seconds: 4.8,
    notFinite: [],
    notes: [],
    ...change,
  };
}

function cellsOfGrid(runId: string, deltaF: number, side: number): Neurons {
  const size = 224 / side;
  const patches = Array.from({ length: side * side }, (_, at) => {
    const [row, column] = [Math.floor(at / side), at % side];
    const region = {
      kind: "rectangle",
      y0: row * size,
      x0: column * size,
      y1: (row + 1) * size,
      x1: (column + 1) * size,
    } as const;
    return { name: `${row},${column}`, kind: "cell" as const, region };
  });
  return neurons({ runId, deltaF, patches, grid: { rows: side, columns: side } });
}

/** What the patches of an answer give to one of its neurons. */
export function sourcesOf(from: Neurons, neuron: number, change: Partial<NeuronSources> = {}): NeuronSources {
  const { runId, layer, grid, deltaF, tolerance, evaluations, rounds, seconds, notes, patches, nodes } = from;
  const count = from.conductance.length;
  const pick = (values: Float32Array): Float32Array => values.filter((_, at) => at % count === neuron);
  return {
    ...{ runId, layer, grid, deltaF, tolerance, evaluations, rounds, seconds, notes },
    ...{ node: nodes[0]?.id ?? "", neuron, status: "converged", disagreement: null, completeness: 0.004 },
    patches: patches.map(({ name, kind, region }) => ({ name, kind, region })),
    values: pick(from.values),
    errors: pick(from.errors),
    sum: (from.conductance[neuron] ?? 0) * 1.01,
    featureError: 0.01,
    ...change,
  };
}

function detail(): NeuronDetail {
  const random = seededRandom(6);
  const bump = (y: number, x: number): number => Math.exp(-((y - 4.5) ** 2 + (x - 5.5) ** 2) / 6);
  const at = (read: (y: number, x: number) => number): Float32Array =>
    Float32Array.from({ length: 196 }, (_, place) => read(Math.floor(place / 14), place % 14));
  return {
    node: "block_13_expand_relu",
    neuron: 524,
    places: [14, 14],
    conductance: at((y, x) => 0.09 * bump(y, x) - 0.02 * random() * bump(13 - y, x)),
    values: new Float32Array(0),
    activation: at((y, x) => Math.max(0, 4.8 * bump(y, x) + 0.4 * random() - 0.3)),
    baselineActivation: new Float32Array(196).fill(0.04),
  };
}

export function ablation(
  explanation: Explanation,
  after: Explanation,
  change: Partial<AblationResult> = {},
): AblationResult {
  const lower = (by: number): Explanation["predictions"] =>
    explanation.predictions.map((prediction, at) => ({
      ...prediction,
      logit: prediction.logit - (at === 0 ? by : 0),
      score: at === 0 ? prediction.score - by / 120 : prediction.score,
    }));
  return {
    runId: explanation.runId,
    ablation: [
      { node: "block_13_expand_relu", axis: 2, neurons: [3, 57, 101, 186, 195, 238, 299, 340, 418, 477, 501, 570] },
    ],
    value: "baseline",
    count: 12,
    before: { score: explanation.score.input, predictions: explanation.predictions },
    after: { score: explanation.score.input - 2.14, predictions: lower(2.14) },
    control: {
      scores: [7.4, 7.2, 7.31, 7.36, 7.22],
      mean: explanation.score.input - 0.25,
      deviation: 0.09,
      probability: 0.993,
    },
    promised: 2.31,
    explanations: { before: explanation, after },
    notes: [],
    ...change,
  };
}

export function pruning(runId: string): Pruning {
  const counts = [3, 6, 9, 12, 14, 17, 20, 23, 26, 29];
  const series = (by: "a" | "b" | "random", a: number, b: number, spread: number): Pruning["series"][number] => ({
    by,
    points: counts.map((count) => ({
      count,
      a: 1.36 * Math.exp(-a * count),
      b: -0.36 * Math.exp(-b * count),
      score: 7.55 - 4 * (1 - Math.exp(-a * count)),
      deviation: { score: spread * 0.4, a: spread * 0.12, b: spread * 0.04 },
    })),
  });
  return {
    runId,
    layer: ["block_13_expand_relu"],
    start: { score: 7.55, a: 1.36, b: -0.36 },
    series: [series("a", 0.06, 0.008, 0), series("b", 0.006, 0.07, 0), series("random", 0.003, 0.002, 1)],
    completenessError: 0.013,
    notes: [],
  };
}

function stateOf(runId: string, change: Partial<LayersState> = {}): HostToPanel {
  return { type: "layers", layers: { runId, busy: [], cancelled: [], failed: [], lost: false, ...change } };
}

const found = (value: LayersFound): HostToPanel => ({ type: "layersFound", found: value });

interface Makers {
  readonly image: Explanation;
  readonly after: Explanation;
  readonly text: Explanation;
  readonly tensor: Explanation;
  readonly show: (explanation: Explanation) => readonly HostToPanel[];
}

/** Words of the text as the panel gathers them: the parts that a neuron is looked at through. */
function tokenCells(attribution: Attribution): NeuronsOptions["patches"] {
  if (attribution.kind !== "text") return [];
  return attribution.tokens.map(({ text }, at) => ({
    name: text,
    kind: "patch",
    region: { kind: "tokens", tokens: [at] },
  }));
}

/** The same with what each of the layers up to the sixth has at each token. */
function throughDepth(sums: Conservation, tokens: number): Conservation {
  const random = seededRandom(8);
  const layers = sums.layers.map((layer, depth) => {
    if (depth > 5) return layer;
    const raw = Float32Array.from({ length: tokens }, (_, at) => (at % 3 === depth % 3 ? 2 : 0.3) * (random() - 0.35));
    const total = raw.reduce((sum, value) => sum + value, 0);
    return { ...layer, positions: raw.map((value) => (value * (layer.sum ?? 0)) / total) };
  });
  return { ...sums, layers };
}

/** `view`: what the panel has kept of how its reader looks at it. */
export interface LayerScene {
  readonly view: Readonly<Record<string, unknown>>;
  readonly messages: readonly HostToPanel[];
}

export function layerScenes({ image, after, text, tensor, show }: Makers): Readonly<Record<string, LayerScene>> {
  const { runId, deltaF } = image;
  const layer = ["block_13_expand_relu"];
  const patches = [patchA, patchB].map((patch) => ({ ...patch, kind: "patch" as const }));
  const view = (layers: Readonly<Record<string, unknown>>): LayerScene["view"] => ({ tab: "layers", layers });
  const marked = { layer, patches: [patchA, patchB], patch: "A", rank: "A", neuron: 524, ticked: [524, 489, 49] };
  const four = ["A", "B", "C", "D"].map((name, at) => {
    const region = { kind: "rectangle" as const, y0: 20, x0: 50 * at, y1: 70, x1: 50 * at + 40 };
    return { name, region };
  });
  const sums = found({ work: "conservation", value: conservation(runId, deltaF) });
  const named = (change: Partial<Neurons> = {}): HostToPanel =>
    found({ work: "neurons", value: neurons({ runId, deltaF, patches, change }) });
  const cells = found({ work: "sources", value: sourcesOf(cellsOfGrid(runId, deltaF, 7), 524) });
  const detailed = found({ work: "detail", value: { ...detail(), layer } });
  const base = [...show(image), stateOf(runId), sums];
  const textPatch: Patch = { name: "A", region: { kind: "tokens", tokens: [1, 2] } };
  const textLayer = { layer: ["transformer_2"], shape: [32, 64], runId: text.runId, deltaF: text.deltaF };
  const rowLayer = { layer: ["dense_1"], shape: [24], runId: tensor.runId, deltaF: tensor.deltaF };
  return {
    layersStart: { view: view({}), messages: [...show(image)] },
    layersSumming: {
      view: view({}),
      messages: [
        ...show(image),
        stateOf(runId, { busy: [{ work: "conservation", share: null, said: "over 5 points of the path so far" }] }),
        found({ work: "conservation", value: conservation(runId, deltaF, 9) }),
      ],
    },
    layersUnchosen: { view: view({}), messages: base },
    layers: { view: view(marked), messages: [...base, named(), cells, detailed] },
    layersAblated: {
      view: view(marked),
      messages: [
        ...base,
        named(),
        cells,
        detailed,
        found({ work: "ablation", value: ablation(image, after) }),
        found({ work: "pruning", value: pruning(runId) }),
        found({
          work: "top",
          value: {
            neuron: { node: layer[0] ?? "", axis: 2, neuron: 524 },
            samples: [
              { index: 4, mean: 1.31, largest: 5.2, place: [4, 5], title: "astronaut.png", shown: true },
              { index: 1, mean: 0.92, largest: 4.4, place: [7, 3], title: "coffee.png", shown: false },
            ],
            asked: 12,
            notes: [],
          },
        }),
      ],
    },
    layersPlaces: { view: view({ ...marked, look: "activation" }), messages: [...base, named(), detailed] },
    layersRunning: {
      view: view({ ...marked, patches: [patchA], neuron: null }),
      messages: [
        ...show(image),
        stateOf(runId, {
          busy: [
            { work: "neurons", share: 0.3, said: "17 evaluations" },
            { work: "conservation", share: null, said: "" },
          ],
        }),
        found({ work: "conservation", value: conservation(runId, deltaF, 9) }),
        found({
          work: "neurons",
          value: neurons({
            runId,
            deltaF,
            patches: patches.slice(0, 1),
            change: { status: "running", evaluations: 17, featureError: 0.4 },
          }),
        }),
      ],
    },
    layersChecksFail: {
      view: view({ ...marked, neuron: null, ticked: [] }),
      messages: [
        ...base,
        named({
          status: "budget",
          partition: { residual: 0.47, worst: { neuron: 41, share: 0.03 } },
          derivatives: {
            method: "central-differences",
            reason: "ResizeBilinearGrad has no gradient of its own",
            error: 0.002,
            disagreement: 0.31,
          },
          notFinite: [{ node: layer[0] ?? "", neuron: 7 }],
          notes: ["Patch B reaches outside of what the model sees; that part counts for nothing."],
        }),
      ],
    },
    layersNoCut: {
      view: view({ ...marked, layer: ["block_14_expand_relu"], neuron: null, ticked: [] }),
      messages: [
        ...base,
        found({
          work: "neurons",
          value: neurons({
            runId,
            deltaF,
            patches,
            layer: ["block_14_expand_relu"],
            shape: [7, 7, 960],
            change: {
              conservation: {
                sum: 1.34,
                deltaF,
                residual: 0.011,
                isCut: false,
                bypass: 4.96,
                cutWith: ["block_14_expand_relu", "block_13_project_BN"],
              },
            },
          }),
        }),
      ],
    },
    layersFailed: {
      view: view({ ...marked, neuron: null }),
      messages: [
        ...base,
        stateOf(runId, {
          failed: [
            {
              work: "neurons",
              error: {
                title: "Patch A holds no pixel that the model sees.",
                found: "columns 230 to 240 of a picture 224 wide",
                whatToDo: "Draw it inside the picture.",
                code: "usage",
              },
            },
          ],
        }),
      ],
    },
    layersCancelled: {
      view: view({ ...marked, neuron: null }),
      messages: [...base, stateOf(runId, { cancelled: ["neurons"] }), named({ status: "cancelled", evaluations: 33 })],
    },
    layersLost: { view: view(marked), messages: [...show(image), stateOf(runId, { lost: true })] },
    layersText: {
      view: view({ layer: textLayer.layer, patches: [textPatch], patch: "A", rank: "A", neuron: 53, ticked: [53] }),
      messages: [
        ...show(text),
        stateOf(text.runId),
        found({
          work: "conservation",
          value: throughDepth(
            conservation(text.runId, text.deltaF),
            text.attributions[0]?.kind === "text" ? text.attributions[0].tokens.length : 0,
          ),
        }),
        found({ work: "neurons", value: neurons({ ...textLayer, patches: [{ ...textPatch, kind: "patch" }] }) }),
        found({
          work: "sources",
          value: sourcesOf(neurons({ ...textLayer, patches: tokenCells(text.attributions[0] as Attribution) }), 53),
        }),
      ],
    },
    layersTable: {
      view: view({ layer: rowLayer.layer, neuron: 3 }),
      messages: [
        ...show(tensor),
        stateOf(tensor.runId),
        found({ work: "conservation", value: conservation(tensor.runId, tensor.deltaF) }),
        found({ work: "neurons", value: neurons({ ...rowLayer, patches: [] }) }),
      ],
    },
    layersFour: {
      view: view({ ...marked, patches: four, rank: "difference" }),
      messages: [
        ...base,
        found({
          work: "neurons",
          value: neurons({ runId, deltaF, patches: four.map((patch) => ({ ...patch, kind: "patch" as const })) }),
        }),
      ],
    },
    layersWide: {
      view: view({ layer: ["ffn"] }),
      messages: [
        ...base,
        found({ work: "neurons", value: neurons({ runId, deltaF, patches: [], layer: ["ffn"], shape: [4096] }) }),
      ],
    },
  };
}
