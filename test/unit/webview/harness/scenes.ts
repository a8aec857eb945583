import { seededRandom } from "../../../../src/common/random.ts";
import type { Explanation, ImageAttribution, TextAttribution, Token } from "../../../../src/protocol/explanation.ts";
import type { HistoryItem, HostToPanel, PanelState, Shown } from "../../../../src/protocol/panel.ts";
import { confirmedAudit, refutingAudit } from "./audits.ts";
import { layerScenes } from "./layerScenes.ts";
import { pairsMatrix, similarityOf } from "./pairScenes.ts";
import { dateExplanation, dateMatrix, labelledExplanation, longMatrix } from "./sequences.ts";
import { textScenes } from "./textScenes.ts";

/** Made-up but plausible messages for every state of the panel. Runs in the browser, where the pictures are made. */

const SIZE = 224;
const GRAIN = 8;

interface Blob2d {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly value: number;
}

/** A rough map: a few strong places, many weak ones, and noise; sums to `total`. */
export function syntheticMap(size: number, total: number, seed: number): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  const blobs: Blob2d[] = [];
  for (let index = 0; index < 90; index++) {
    const strong = index < 26;
    blobs.push({
      x: strong ? 0.35 + random() * 0.5 : random(),
      y: strong ? (index % 2 === 0 ? 0.15 + random() * 0.3 : 0.72 + random() * 0.24) : random(),
      size: (strong ? 0.018 : 0.014) + random() * 0.02,
      value: (random() < 0.56 ? 1 : -1) * (strong ? 0.4 + random() : 0.1 + random() * 0.25),
    });
  }
  const values = new Float32Array(size * size);
  let sum = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let value = (random() - 0.5) * 0.25;
      for (const blob of blobs) {
        const d = ((x / size - blob.x) ** 2 + (y / size - blob.y) ** 2) / (2 * blob.size ** 2);
        if (d < 8) value += blob.value * Math.exp(-d);
      }
      values[y * size + x] = value;
      sum += value;
    }
  }
  const shift = (total / 0.012 - sum) / values.length;
  return values.map((value) => (value + shift) * 0.012);
}

function cellErrors(
  values: Float32Array,
  size: number,
  grain: number,
  level: number,
  seed: number,
): Float32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  const side = Math.ceil(size / grain);
  return Float32Array.from({ length: side * side }, (_, index) => {
    const x = (index % side) * grain;
    const y = Math.floor(index / side) * grain;
    let strength = 0;
    for (let dy = 0; dy < grain; dy++)
      for (let dx = 0; dx < grain; dx++) strength += Math.abs(values[(y + dy) * size + x + dx] ?? 0);
    return level * (0.25 * strength + 0.4 * random());
  });
}

function curve(
  count: number,
  score: (alpha: number) => number,
): { alphas: Float64Array<ArrayBuffer>; scores: Float64Array<ArrayBuffer> } {
  const alphas = Float64Array.from(
    { length: count },
    (_, index) => (1 - Math.cos((Math.PI * index) / (count - 1))) / 2,
  );
  return { alphas, scores: alphas.map(score) };
}

const labels = ["Neutral", "Drawing", "Hentai", "Sexy", "Landscape with a name that is far too long for its column"];

export function imageExplanation(change: Partial<Explanation> = {}, map: Partial<ImageAttribution> = {}): Explanation {
  const values = syntheticMap(SIZE, 6.43, 7);
  return {
    runId: "run-1",
    status: "converged",
    model: {
      name: "mobilenet-v2",
      path: "/data/models/mobilenet-v2/model.json",
      format: "tfjs-layers",
      fingerprint: "5f2c9d0e".repeat(8),
      parameterCount: 2_262_981,
      inputShapes: [[null, SIZE, SIZE, 3]],
    },
    sample: { title: "astronaut.png", path: "/data/images/astronaut.png", row: null },
    backend: { name: "tensorflow", version: "2.21.0", device: "CPU" },
    method: "integrated-gradients",
    rule: "adaptive",
    steps: null,
    target: { index: 0, label: "Neutral", output: "dense", link: "logit" },
    baseline: { spec: { kind: "name", name: "grey" }, label: "Mid-grey" },
    tolerance: 0.02,
    maxEvaluations: 512,
    predictions: labels.map((label, index) => ({
      index,
      label,
      score: [0.9954, 0.0043, 0.0002, 0.00007, 0.00003][index] ?? 0,
      logit: [7.55, 2.12, -1.28, -1.42, -3.22][index] ?? 0,
    })),
    score: { input: 7.55, baseline: 1.18 },
    deltaF: 6.37,
    sum: 6.43,
    completenessError: { absolute: 0.056, relative: 0.0088 },
    featureError: 0.019,
    mapSize: 178,
    gradientSum: -5.65,
    evaluations: 257,
    rounds: 8,
    seconds: 28.3,
    errorByRound: [0.9, 0.42, 0.2, 0.11, 0.062, 0.04, 0.028, 0.019].map((feature, index) => ({
      evaluations: 9 * 2 ** Math.min(index, 4),
      completeness: feature / 2,
      feature,
    })),
    path: {
      ...curve(
        120,
        (alpha) => 1.18 + 6.37 * (1 - Math.exp(-9 * alpha)) + 0.3 * Math.sin(9 * alpha) * alpha * (1 - alpha),
      ),
      worst: [
        { from: 0.05, to: 0.07, error: 0.004, share: 0.08 },
        { from: 0.11, to: 0.17, error: 0.009, share: 0.16 },
        { from: 0.19, to: 0.25, error: 0.008, share: 0.13 },
        { from: 0.58, to: 0.64, error: 0.006, share: 0.12 },
      ],
    },
    attributions: [
      {
        kind: "image",
        input: "image",
        shape: [SIZE, SIZE, 3],
        height: SIZE,
        width: SIZE,
        original: { height: 512, width: 512 },
        crop: { x: 0, y: 0, width: 512, height: 512 },
        values,
        gradient: syntheticMap(SIZE, -5.65, 11),
        grain: GRAIN,
        cellErrors: cellErrors(values, SIZE, GRAIN, 0.12, 3),
        ...map,
      },
    ],
    warnings: [],
    finishedAt: "2026-01-15T10:20:30.000Z",
    ...change,
  };
}

const words = "Who was the first American woman in space , and what did she study before she flew , please ?".split(
  " ",
);

export function textExplanation(change: Partial<Explanation> = {}): Explanation {
  const text = `${words.join(" ").replaceAll(" ,", ",").replaceAll(" ?", "?")} ${"And then some more words. ".repeat(3)}`;
  const tokens: Token[] = [{ text: "[CLS]", id: 101, start: 0, end: 0, special: "other", word: -1 }];
  let at = 0;
  words.forEach((word, index) => {
    const start = text.indexOf(word, at);
    at = start + word.length;
    if (word === "American") {
      tokens.push({ text: "Amer", id: 7, start, end: start + 4, special: "none", word: index });
      tokens.push({ text: "##ican", id: 8, start: start + 4, end: at, special: "none", word: index });
    } else tokens.push({ text: word, id: 200 + index, start, end: at, special: "none", word: index });
  });
  tokens.push({ text: "[SEP]", id: 102, start: at, end: at, special: "other", word: -1 });
  for (let index = 0; index < 9; index++)
    tokens.push({ text: "[PAD]", id: 0, start: at, end: at, special: "pad", word: -1 });
  const strong: Readonly<Record<string, number>> = {
    was: 3.52,
    please: 3.51,
    Who: 3.28,
    before: -2.02,
    "[CLS]": 1.47,
    the: 0.86,
    Amer: -0.6,
    "##ican": -0.33,
    "[PAD]": -0.078,
  };
  const random = seededRandom(5);
  const values = Float32Array.from(tokens, (token) => strong[token.text] ?? (random() - 0.55) * 0.5);
  const sum = values.reduce((total, value) => total + value, 0);
  const attribution: TextAttribution = {
    kind: "text",
    input: "ids",
    shape: [tokens.length],
    text,
    truncatedFrom: at,
    gap: null,
    fields: [],
    tokens,
    values,
    gradient: values.map((value) => value * 1.1),
    cellErrors: values.map((value) => 0.002 + Math.abs(value) * 0.01),
    blank: { id: 103, text: "[MASK]", kind: "mask" },
  };
  return {
    ...imageExplanation(),
    runId: "run-text",
    model: { ...imageExplanation().model, name: "question-classifier" },
    sample: { title: "questions.jsonl : row 12", path: "/data/data/questions.jsonl", row: 12 },
    target: { index: 0, label: "human", output: "dense", link: "logit" },
    baseline: { spec: { kind: "name", name: "zero-embedding" }, label: "Zero embedding" },
    tolerance: 0.01,
    predictions: ["human", "number", "entity", "location", "description", "abbreviation"].map((label, index) => ({
      index,
      label,
      score: index === 0 ? 0.9999 : 0.0001 / 5,
      logit: 9 - index * 2,
    })),
    score: { input: sum - 0.15, baseline: -0.15 },
    deltaF: sum,
    sum: sum + 0.002,
    completenessError: { absolute: 0.002, relative: 0.0002 },
    featureError: 0.0012,
    mapSize: 21,
    gradientSum: sum * 1.1,
    evaluations: 61,
    rounds: 3,
    seconds: 0.2,
    errorByRound: [],
    path: { ...curve(41, (alpha) => -0.15 + sum * alpha), worst: [] },
    attributions: [attribution],
    warnings: [{ code: "truncated", message: "The model takes 32 tokens: the last 75 characters were cut off." }],
    ...change,
  };
}

export function tensorExplanation(): Explanation {
  const random = seededRandom(9);
  const values = Float32Array.from({ length: 30 }, () => (random() - 0.45) * 2 * random());
  const sum = values.reduce((total, value) => total + value, 0);
  return {
    ...imageExplanation(),
    runId: "run-tensor",
    sample: { title: "patients.npy", path: "/data/data/patients.npy", row: null },
    predictions: [{ index: 0, label: "risk", score: 2.31, logit: 2.31 }],
    target: { index: 0, label: "risk", output: "dense", link: "logit" },
    baseline: { spec: { kind: "name", name: "zeros" }, label: "Zeros" },
    score: { input: sum + 0.2, baseline: 0.2 },
    deltaF: sum,
    sum,
    completenessError: { absolute: 0.0001, relative: 0.0001 },
    featureError: 0.001,
    gradientSum: sum * 0.4,
    attributions: [
      {
        kind: "tensor",
        input: "features",
        shape: [30],
        sample: values.map((_, index) => index / 7 - 2),
        values,
        gradient: values.map((value) => value * 0.4),
        cellErrors: values.map((value) => Math.abs(value) * 0.004),
      },
    ],
  };
}

export function lowTrust(): Explanation {
  const values = syntheticMap(SIZE, 1.32, 21);
  return imageExplanation(
    {
      runId: "run-low",
      status: "budget",
      target: { index: 0, label: "Neutral", output: "softmax", link: "softmax" },
      baseline: { spec: { kind: "name", name: "black" }, label: "Black" },
      score: { input: 0.9954, baseline: 0.17 },
      deltaF: 0.82,
      sum: 1.32,
      completenessError: { absolute: 0.499, relative: 0.607 },
      featureError: 1.8,
      gradientSum: -0.01,
      evaluations: 17,
      rounds: 1,
      seconds: 7.2,
      maxEvaluations: 17,
      errorByRound: [{ evaluations: 17, completeness: 0.6, feature: 1.8 }],
      path: {
        ...curve(17, (alpha) => 0.05 + 0.95 / (1 + Math.exp(-40 * (alpha - 0.18)))),
        worst: [{ from: 0.13, to: 0.25, error: 0.3, share: 0.61 }],
      },
    },
    {
      values,
      gradient: syntheticMap(SIZE, -0.01, 4).map((value) => value * 0.2),
      cellErrors: cellErrors(values, SIZE, GRAIN, 3, 8),
    },
  );
}

export async function syntheticPicture(): Promise<Shown["picture"]> {
  const known = await fetch("/picture").catch(() => null);
  if (known?.ok === true)
    return { bytes: new Uint8Array(await known.arrayBuffer()), mime: known.headers.get("content-type") ?? "image/png" };
  const canvas = new OffscreenCanvas(512, 512);
  const context = canvas.getContext("2d");
  if (context !== null) {
    const sky = context.createLinearGradient(0, 0, 0, 512);
    sky.addColorStop(0, "#9cc4e4");
    sky.addColorStop(1, "#3b5d38");
    context.fillStyle = sky;
    context.fillRect(0, 0, 512, 512);
    context.fillStyle = "#e8c39e";
    context.beginPath();
    context.arc(230, 170, 90, 0, 7);
    context.fill();
    context.fillStyle = "#c2571a";
    context.fillRect(110, 270, 250, 242);
  }
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return { bytes: new Uint8Array(await blob.arrayBuffer()), mime: "image/png" };
}

const history: HistoryItem[] = (
  [
    ["h1", "Neutral", "Mid-grey", "logit", "reliable", 0.009, 257, 0],
    ["h2", "Neutral", "Black", "softmax", "reliable", 0.009, 385, 2],
    ["h3", "Neutral", "Black", "logit", "draft", 0.046, 257, 4],
    ["h4", "Neutral", "Black", "softmax", "low-trust", 0.607, 17, 9],
  ] as const
).map(([id, target, baseline, link, verdict, sumOff, evaluations, minutes]) => ({
  id,
  at: new Date(Date.now() - minutes * 60_000).toISOString(),
  sample: "astronaut.png",
  model: "mobilenet-v2",
  target,
  baseline,
  link,
  verdict,
  sumOff,
  evaluations,
}));

export function panelState(change: Partial<PanelState> = {}): PanelState {
  return {
    phase: "done",
    stage: null,
    sampleTitle: "astronaut.png",
    sampleKind: "image",
    modelTitle: "mobilenet-v2",
    settings: {
      target: { kind: "predicted" },
      link: "logit",
      baseline: { kind: "name", name: "grey" },
      method: "integrated-gradients",
      rule: "adaptive",
      steps: 50,
      tolerance: 0.02,
      maxEvaluations: 512,
      backend: "auto",
    },
    options: {
      baselines: [
        { id: "black", label: "Black", spec: { kind: "name", name: "black" } },
        { id: "white", label: "White", spec: { kind: "name", name: "white" } },
        { id: "grey", label: "Mid-grey", spec: { kind: "name", name: "grey" } },
        { id: "blurred", label: "Blurred sample", spec: { kind: "name", name: "blurred" } },
        { id: "file", label: "Choose an image…", spec: null },
      ],
      backends: [
        { id: "auto", label: "Auto", preference: "auto" },
        { id: "wasm", label: "WebAssembly", preference: "wasm" },
      ],
      links: [
        { id: "logit", label: "Logit" },
        { id: "softmax", label: "Softmax" },
      ],
      columns: [],
    },
    running: null,
    auditing: null,
    warnAbove: 0.05,
    error: null,
    stale: null,
    history,
    current: "h1",
    ...change,
  };
}

const textState: Partial<PanelState> = {
  sampleTitle: "questions.jsonl : row 12",
  sampleKind: "text",
  modelTitle: "question-classifier",
  settings: { ...panelState().settings, baseline: { kind: "name", name: "zero-embedding" }, tolerance: 0.01 },
  options: {
    ...panelState().options,
    baselines: [
      { id: "zero", label: "Zero embedding", spec: { kind: "name", name: "zero-embedding" } },
      { id: "pad", label: "PAD", spec: { kind: "name", name: "pad" } },
    ],
    columns: [
      { id: "question", label: "question" },
      { id: "title", label: "title" },
    ],
  },
};

const dateState: Partial<PanelState> = {
  ...textState,
  sampleTitle: "dates.jsonl : row 13",
  modelTitle: "dates",
  settings: { ...panelState().settings, target: { kind: "index", index: 6 }, baseline: { kind: "name", name: "pad" } },
};

const outputsOfTwo: NonNullable<PanelState["options"]["outputs"]> = [
  { id: "probabilities", shape: [1000], logit: "logits", activation: "softmax" },
  { id: "a", shape: [384], logit: "a", activation: "none" },
  { id: "b", shape: [384], logit: "b", activation: "none" },
];

const pairsState: Partial<PanelState> = {
  ...textState,
  sampleTitle: "pairs.jsonl : row 1",
  modelTitle: "sentence-encoder",
  settings: {
    ...panelState().settings,
    target: { kind: "expression", expression: "cosine(mean(a), mean(b))" },
    baseline: { kind: "name", name: "zero-embedding" },
  },
};

type Scene = (picture: Shown["picture"]) => readonly HostToPanel[];

function show(
  state: Partial<PanelState>,
  explanation: Explanation | null,
  picture: Shown["picture"],
  dimmed = false,
): HostToPanel[] {
  return [
    { type: "state", state: panelState(state) },
    { type: "shown", shown: explanation === null ? null : { explanation, picture }, dimmed },
  ];
}

const running = (): Explanation =>
  imageExplanation(
    {
      status: "running",
      evaluations: 17,
      rounds: 1,
      seconds: 2.1,
      sum: 7.88,
      completenessError: { absolute: 1.51, relative: 0.237 },
      featureError: 0.58,
      errorByRound: [],
      finishedAt: null,
      path: { ...curve(17, (alpha) => 1.18 + 6.37 * (1 - Math.exp(-9 * alpha))), worst: [] },
    },
    { gradient: null, cellErrors: null },
  );

export const scenes: Readonly<Record<string, Scene>> = {
  reliable: (picture) => show({}, imageExplanation(), picture),
  low: (picture) =>
    show(
      {
        settings: {
          ...panelState().settings,
          link: "softmax",
          baseline: { kind: "name", name: "black" },
          maxEvaluations: 17,
        },
      },
      lowTrust(),
      picture,
    ),
  running: (picture) =>
    show(
      { phase: "running", stage: "Explaining", running: { evaluations: 17, rounds: 1, progress: 0.12, seconds: 2.1 } },
      running(),
      picture,
    ),
  /** A margin between two classes, in place of one class. */
  expression: (picture) =>
    show(
      {
        settings: { ...panelState().settings, target: { kind: "expression", expression: "predicted - runner_up" } },
        options: { ...panelState().options, outputs: outputsOfTwo },
      },
      imageExplanation({
        target: {
          index: null,
          label: 'logit["tabby cat"] − logit["tiger cat"]',
          output: "probabilities",
          link: "logit",
          expression: "predicted - runner_up",
        },
      }),
      picture,
    ),
  /** Two towers without classes. */
  similarity: (picture) =>
    show(
      {
        settings: { ...panelState().settings, target: { kind: "expression", expression: "cosine(a, b)" } },
        options: { ...panelState().options, outputs: outputsOfTwo.slice(1) },
      },
      imageExplanation({
        predictions: [],
        target: { index: null, label: "cosine(a, b)", output: "a", link: "logit", expression: "cosine(a, b)" },
      }),
      picture,
    ),
  /** Two texts whose similarity is explained, before and after their tokens were paired. */
  pairsStart: () => show(pairsState, similarityOf(textExplanation()), null),
  pairs: () => show(pairsState, { ...similarityOf(textExplanation()), matrix: pairsMatrix() }, null),
  predicted: (picture) => {
    const size = SIZE * SIZE;
    const early = imageExplanation(
      {
        status: "running",
        evaluations: 0,
        rounds: 0,
        sum: 0,
        featureError: null,
        gradientSum: null,
        mapSize: 0,
        path: { alphas: new Float64Array(0), scores: new Float64Array(0), worst: [] },
        completenessError: { absolute: 6.37, relative: 1 },
        finishedAt: null,
      },
      { values: new Float32Array(size), gradient: null, cellErrors: null },
    );
    return show(
      { phase: "running", running: { evaluations: 0, rounds: 0, progress: null, seconds: 0.3 } },
      early,
      picture,
    );
  },
  loading: () => show({ phase: "loading", stage: "Loading the model" }, null, null),
  budget: (picture) =>
    show(
      {},
      imageExplanation({ runId: "run-budget", status: "budget", featureError: 0.031, evaluations: 512 }),
      picture,
    ),
  manyBaselines: (picture) => {
    const { options, settings } = panelState();
    const own = { id: "own", label: "grey.png", spec: { kind: "file", path: "/data/grey.png" } } as const;
    const baseline = own.spec;
    return show(
      { settings: { ...settings, baseline }, options: { ...options, baselines: [own, ...options.baselines] } },
      imageExplanation(),
      picture,
    );
  },
  retarget: (picture) =>
    show(
      { phase: "running", stage: "Explaining", running: { evaluations: 0, rounds: 0, progress: null, seconds: 0.1 } },
      imageExplanation(),
      picture,
      true,
    ),
  cancelled: (picture) =>
    show(
      { phase: "cancelled" },
      imageExplanation({ status: "cancelled", evaluations: 147, rounds: 6, featureError: 0.0346 }),
      picture,
    ),
  precision: (picture) => show({}, imageExplanation({ status: "precision-floor", featureError: 0.04 }), picture),
  suspect: (picture) =>
    show(
      {},
      imageExplanation({ status: "suspect-gradient", sum: 4.1, completenessError: { absolute: 2.27, relative: 0.36 } }),
      picture,
    ),
  auditing: (picture) =>
    show(
      { auditing: { done: 57, total: 173, what: "block_9_expand_relu", seconds: 11.4 } },
      imageExplanation({ status: "suspect-gradient", sum: 4.1, completenessError: { absolute: 2.27, relative: 0.36 } }),
      picture,
    ),
  confirmed: (picture) => show({}, imageExplanation({ audit: confirmedAudit() }), picture),
  refuted: (picture) =>
    show(
      {},
      imageExplanation({
        status: "suspect-gradient",
        sum: 4.1,
        completenessError: { absolute: 2.27, relative: 0.36 },
        audit: refutingAudit(),
      }),
      picture,
    ),
  cannotTell: (picture) =>
    show(
      {},
      imageExplanation({
        status: "suspect-gradient",
        sum: 4.1,
        audit: { ...confirmedAudit(), verdict: "cannot-tell", within: null },
      }),
      picture,
    ),
  nochange: (picture) =>
    show(
      {},
      imageExplanation({
        deltaF: 0,
        score: { input: 1.18, baseline: 1.18 },
        sum: 0.004,
        completenessError: { absolute: 0.004, relative: null },
      }),
      picture,
    ),
  empty: () =>
    show({ phase: "empty", sampleTitle: "", sampleKind: null, modelTitle: "", history: [], current: null }, null, null),
  error: () =>
    show(
      {
        phase: "failed",
        error: {
          title: "The model’s weights are incomplete",
          file: "models/mobilenet-v2/weights.bin",
          expected: "2 619 461 bytes, as model.json declares",
          found: "1 048 576 bytes",
          whatToDo: "Copy the file again, or run “git lfs pull” if it is kept in LFS.",
          code: "model-shard-size",
        },
      },
      null,
      null,
    ),
  errorAfter: (picture) =>
    show(
      {
        phase: "failed",
        error: { title: "The compute process ended while it explained.", whatToDo: "Try again.", code: "compute-died" },
      },
      imageExplanation(),
      picture,
    ),
  stale: (picture) => show({ stale: "model" }, imageExplanation(), picture),
  cropped: (picture) =>
    show(
      {},
      imageExplanation({}, { original: { width: 512, height: 512 }, crop: { x: 96, y: 40, width: 320, height: 320 } }),
      picture,
    ),
  padded: (picture) => show({}, imageExplanation({}, { crop: { x: -100, y: 0, width: 712, height: 512 } }), picture),
  gradientOnly: (picture) =>
    show(
      {},
      imageExplanation({
        method: "gradient",
        featureError: null,
        sum: -5.65,
        completenessError: { absolute: 12.02, relative: 1.89 },
        path: { alphas: new Float64Array(0), scores: new Float64Array(0), worst: [] },
      }),
      picture,
    ),
  text: () => show(textState, textExplanation(), null),
  dates: () => show(dateState, dateExplanation(dateMatrix()), null),
  datesRunning: () => show({ ...dateState, sequence: { done: 4, of: 11 } }, dateExplanation(dateMatrix(4)), null),
  datesUncertain: () => show(dateState, dateExplanation(dateMatrix(11, 6)), null),
  datesUnended: () =>
    show(
      dateState,
      dateExplanation(undefined, {
        produced: { text: "1924-03-28", tokens: dateMatrix().rows.slice(0, 10), ended: false },
      }),
      null,
    ),
  translation: () => show(dateState, dateExplanation(longMatrix()), null),
  labels: () => show({ ...textState, sampleTitle: "Selection" }, labelledExplanation(), null),
  tensor: () =>
    show({ sampleTitle: "patients.npy", sampleKind: "tensor", modelTitle: "risk" }, tensorExplanation(), null),
  comparison: (picture) => [
    ...show({}, imageExplanation(), picture),
    {
      type: "comparison",
      comparison: {
        left: { explanation: imageExplanation(), picture },
        right: {
          explanation: imageExplanation(
            { sum: 5.86, baseline: { spec: { kind: "name", name: "black" }, label: "Black" } },
            { values: syntheticMap(SIZE, 5.86, 33) },
          ),
          picture,
        },
        leftLabel: "Mid-grey",
        rightLabel: "Black",
        caption: "two baselines, same target and score",
        rankCorrelation: 0.24,
        topOverlap: 0.27,
      },
    },
  ],
  textComparison: () => [
    ...show(textState, textExplanation(), null),
    {
      type: "comparison",
      comparison: {
        left: { explanation: textExplanation(), picture: null },
        right: { explanation: textExplanation({ sum: 8.2 }), picture: null },
        leftLabel: "Zero embedding",
        rightLabel: "PAD",
        caption: "two baselines, same target and score",
        rankCorrelation: 0.97,
        topOverlap: 1,
      },
    },
  ],
  ...textScenes({ textExplanation, show: (explanation) => show(textState, explanation, null) }),
};

const makeInside = (): ReturnType<typeof layerScenes> =>
  layerScenes({
    image: imageExplanation(),
    after: imageExplanation(
      {
        sum: 4.21,
        deltaF: 4.23,
        score: { input: 5.41, baseline: 1.18 },
        completenessError: { absolute: 0.02, relative: 0.005 },
      },
      { values: syntheticMap(SIZE, 4.21, 7).map((value) => value * 0.7) },
    ),
    text: textExplanation(),
    tensor: tensorExplanation(),
    show: (explanation) =>
      explanation.attributions[0]?.kind === "image"
        ? show({}, explanation, null)
        : show(explanation.attributions[0]?.kind === "text" ? textState : { sampleKind: "tensor" }, explanation, null),
  });

let made: ReturnType<typeof layerScenes> | null = null;

/** Scenes of the Layers tab, which begin with what the panel has kept of its view. */
export function insideScenes(): ReturnType<typeof layerScenes> {
  made ??= makeInside();
  return made;
}

declare global {
  interface Window {
    showScene(name: string): Promise<void>;
    posted: unknown[];
  }
}

function withPicture(message: HostToPanel, picture: Shown["picture"]): HostToPanel {
  if (message.type !== "shown" || message.shown?.explanation.attributions[0]?.kind !== "image") return message;
  return { ...message, shown: { ...message.shown, picture } };
}

/** What a scene has kept is there before the panel is made. */
export function keptView(name: string): string | null {
  const view = insideScenes()[name]?.view;
  return view === undefined ? null : JSON.stringify(view);
}

if (typeof window !== "undefined") {
  window.showScene = async (name) => {
    const picture = await syntheticPicture();
    const messages = scenes[name]?.(picture) ?? insideScenes()[name]?.messages;
    if (messages === undefined) throw new Error(`No scene ${name}`);
    for (const message of messages) window.postMessage(withPicture(message, picture), "*");
  };
}
