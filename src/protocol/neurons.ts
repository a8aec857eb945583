import * as z from "zod";
import { float32Schema as float32 } from "./arrays.ts";
import { explainRequestSchema, sampleRefSchema } from "./explain.ts";
import { explanationFileSchema, explanationSchema, predictionSchema } from "./explanation.ts";
import { statusSchema } from "./status.ts";

/**
 * Inside the network: what each layer carries of the change of the score, which neurons of a layer carry it, which part of
 * the sample drives them, and what happens without them. A *neuron* is one index of the layer's neuron axis: a channel of
 * a feature map (summed over its places), a unit of a dense layer, a dimension of the hidden state (summed over positions).
 */

const index = z.int().min(0);
const side = z.int().min(1);

/** A layer: one node, or the nodes that together form a cut. */
export const layerSchema = z.array(z.string()).min(1).max(64);

/** Part of the sample. Pixels are those of the picture as the model sees it; `input`: the explained input, the first unless told. */
export const regionSchema = z.discriminatedUnion("kind", [
  /** Rows [y0, y1) and columns [x0, x1). */
  z.strictObject({
    kind: z.literal("rectangle"),
    input: z.string().optional(),
    y0: index,
    x0: index,
    y1: side,
    x1: side,
  }),
  /** Pixels whose centre lies inside the polygon, by the even–odd rule. */
  z.strictObject({
    kind: z.literal("polygon"),
    input: z.string().optional(),
    points: z
      .array(z.strictObject({ y: z.number(), x: z.number() }))
      .min(3)
      .max(4096),
  }),
  /** Positions of the text. */
  z.strictObject({ kind: z.literal("tokens"), input: z.string().optional(), tokens: z.array(index).min(1) }),
  /** Values of a tensor or a table row, by their place in it. */
  z.strictObject({ kind: z.literal("features"), input: z.string().optional(), features: z.array(index).min(1) }),
]);

export const patchSchema = z.strictObject({ name: z.string(), region: regionSchema });

/** Cells over the first explained picture, as equal as its size allows. */
export const gridSchema = z.strictObject({ rows: side.max(64), columns: side.max(64) });

/** A node of a layer, with its neurons. */
export const neuronNodeSchema = z.strictObject({
  id: z.string(),
  op: z.string(),
  /** Without the batch axis. */
  shape: z.array(z.int()),
  /** Axis of `shape` that counts the neurons. */
  axis: index,
  /** Place of its first neuron among those of the layer. */
  offset: index,
  count: z.int().min(1),
});

/** One layer of the conservation strip. */
export const layerSumSchema = z.strictObject({
  node: z.string(),
  op: z.string(),
  /** Without the batch axis; null where a side is free. */
  shape: z.array(z.int().nullable()),
  /** `not-a-cut`: part of the change passes it; `waits`: not computed yet; `refused`: see `reason`. */
  state: z.enum(["cut", "not-a-cut", "waits", "refused"]),
  /** Σ conductance of the layer; null while it waits, or where it is refused. */
  sum: z.number().nullable(),
  /** |sum − ΔF| over |ΔF|; null where that says nothing. */
  residual: z.number().nullable(),
  /** Share of Σ|conductance| that the strongest 5 % of its neurons hold (at least one). */
  concentration: z.number().nullable(),
  /** Where it is no cut: nodes that form one together with it, itself among them; empty: none was found. */
  cutWith: z.array(z.string()),
  /** Why it is refused: whole numbers, a shape that is not known, not reached by the change. */
  reason: z.string().optional(),
  /** Of a text: Σ conductance at each of its positions, where the layer has one vector for each of them. */
  positions: float32.optional(),
});

export const conservationSchema = z.strictObject({
  runId: z.string(),
  deltaF: z.number(),
  /** From input to output. */
  layers: z.array(layerSumSchema),
  /** Points of the path that the sums are taken over: those of the run, by differences between neighbours. */
  points: z.int(),
  /** The largest residual of a cut; null while none is known. */
  largestResidual: z.number().nullable(),
  seconds: z.number(),
});

export const neuronsParamsSchema = z.strictObject({
  runId: z.string(),
  layer: layerSchema,
  /** Axis of the neurons where the usual one is not meant. */
  axis: index.optional(),
  patches: z.array(patchSchema).max(1024).default([]),
  grid: gridSchema.nullable().default(null),
  /** Of the run unless told. */
  tolerance: z.number().positive().optional(),
  /** Points of the path at most; those of the run, but no more than 129, unless told. */
  maxEvaluations: z.int().min(3).optional(),
});

export const neuronsSchema = z
  .strictObject({
    runId: z.string(),
    layer: layerSchema,
    nodes: z.array(neuronNodeSchema),
    status: statusSchema,
    score: z.strictObject({ input: z.number(), baseline: z.number() }),
    deltaF: z.number(),
    /** Named patches first, then the cells of the grid, row by row. Patches may overlap. */
    patches: z.array(
      z.strictObject({
        name: z.string(),
        kind: z.enum(["patch", "cell"]),
        region: patchSchema.shape.region,
        /** Σ over the layer. */
        sum: z.number(),
        /** Estimated error of the sum. */
        error: z.number(),
      }),
    ),
    grid: gridSchema.nullable(),
    /**
     * Conductance of each neuron, [neurons], from the derivative along the whole of x − x', and its error. Here and below
     * NaN for a neuron that is `notFinite`.
     */
    conductance: float32,
    conductanceErrors: float32,
    /** What each patch gives to each neuron, [patches × neurons], and the error of each. */
    values: float32,
    errors: float32,
    /** Σ conductance against ΔF. `bypass`: what is known to pass the layer; null for a cut. */
    conservation: z.strictObject({
      sum: z.number(),
      deltaF: z.number(),
      /** |sum + bypass − deltaF| over |deltaF|, over Σ|conductance| where ΔF ≈ 0. */
      residual: z.number(),
      isCut: z.boolean(),
      bypass: z.number().nullable(),
      cutWith: z.array(z.string()),
    }),
    /** Σ over a partition of the input (patches, and what is in none of them) against the conductance, per neuron. */
    partition: z.strictObject({
      /** Σ_neurons |Σ_patches − conductance| over Σ|conductance|. */
      residual: z.number(),
      /** The neuron that is furthest off, and by how much (of Σ|conductance|). */
      worst: z.strictObject({ neuron: index, share: z.number() }).nullable(),
    }),
    /** Derivatives J·v, and how they were held against central differences. */
    derivatives: z.strictObject({
      method: z.enum(["double-vjp", "central-differences"]),
      /** Why not exactly. */
      reason: z.string().optional(),
      /** Estimated relative error of the derivatives; 0 where they are exact but for rounding. */
      error: z.number(),
      /** Relative disagreement with a central difference at two points of the path; null: they agree. */
      disagreement: z.number().nullable(),
    }),
    /** Estimated relative L1 error over patches × neurons. */
    featureError: z.number().nullable(),
    tolerance: z.number(),
    evaluations: z.int(),
    rounds: z.int(),
    seconds: z.number(),
    /** Neurons whose value is not finite somewhere on the path; they are left out of all sums. */
    notFinite: z.array(z.strictObject({ node: z.string(), neuron: index })),
    /** What else to know, a sentence each. */
    notes: z.array(z.string()),
  })
  .refine(({ nodes, patches, conductance, conductanceErrors, values, errors }) => {
    const neurons = nodes.reduce((sum, { count }) => sum + count, 0);
    return (
      conductance.length === neurons &&
      conductanceErrors.length === neurons &&
      values.length === patches.length * neurons &&
      errors.length === values.length
    );
  }, "expected values and errors for every patch and neuron");

/** One neuron in full, of the last `neurons` of a run. */
export const neuronDetailSchema = z.strictObject({
  node: z.string(),
  neuron: index,
  /** Sides of its places: of a channel its height and width, of a hidden dimension the positions; empty for a unit. */
  places: z.array(z.int()),
  /** Conductance at each place. */
  conductance: float32,
  /** What each patch gives to each place, [patches × places]. */
  values: float32,
  /** Activation at each place at the sample and at the baseline. */
  activation: float32,
  baselineActivation: float32,
});

/** One neuron of a layer, and the parts of the sample that it is looked at through. */
export const neuronSourcesParamsSchema = neuronsParamsSchema.extend({
  /** One of the nodes of the layer. */
  node: z.string(),
  /** Index along the node's axis of neurons. */
  neuron: index,
});

/** Which parts of the sample drive one neuron. */
export const neuronSourcesSchema = z.strictObject({
  ...neuronSourcesParamsSchema.pick({ runId: true, layer: true, node: true, neuron: true, grid: true }).shape,
  ...z.strictObject(neuronsSchema.shape).pick({
    status: true,
    deltaF: true,
    tolerance: true,
    evaluations: true,
    rounds: true,
    seconds: true,
    notes: true,
  }).shape,
  /** Named patches first, then the cells of the grid, row by row. */
  patches: z.array(neuronsSchema.shape.patches.element.omit({ sum: true, error: true })),
  /** What each gives to the neuron, and the error of each; [patches]. */
  values: float32,
  errors: float32,
  /** What all of the sample gives to the neuron: its conductance. */
  sum: z.number(),
  /** Estimated L1 error over disjoint parts of the sample, relative to Σ|parts|; null after the first point. */
  featureError: z.number().nullable(),
  /**
   * Of the points and weights of the path: |Σ − ΔF| over |ΔF|, of all that flows to the score, through the neuron and past
   * it. Null after the first point, or where ΔF ≈ 0.
   */
  completeness: z.number().nullable(),
  /** Relative gap to the derivative of the neuron along x − x' at points of the path; null: they agree. */
  disagreement: z.number().nullable(),
});

/** The samples of a data set on which a neuron is most active. */
export const topSamplesSchema = z.strictObject({
  samples: z.array(
    z.strictObject({
      /** Place among those that were asked about. */
      index,
      /** Mean over the neuron's places, and the largest of them. */
      mean: z.number(),
      largest: z.number(),
      place: z.array(z.int()),
    }),
  ),
  /** Samples that could not be read, a sentence each. */
  notes: z.array(z.string()),
});

/**
 * Neurons that are switched off, by their index along the node's axis of neurons; `units`: single values of the node
 * instead, by their place in it counted over all axes.
 */
export const ablationSchema = z
  .array(
    z.strictObject({
      node: z.string(),
      axis: index.optional(),
      neurons: z.array(index).min(1),
      units: z.boolean().optional(),
    }),
  )
  .min(1);

export const ablationValueSchema = z.enum(["baseline", "zero", "mean"]);

/** What `mean` is taken over; more are thinned out evenly. */
export const MOST_MEAN_SAMPLES = 64;

export const ablateParamsSchema = z.strictObject({
  runId: z.string(),
  ablation: ablationSchema,
  value: ablationValueSchema.default("baseline"),
  /** Samples of the data set that `mean` is taken over. */
  samples: z.array(sampleRefSchema).default([]),
  /** Draws of as many neurons at random, of those that are not ablated. */
  control: z.int().min(0).max(100).default(5),
  /** Whether the attribution without the neurons is computed too. */
  attribution: z.boolean().default(true),
});

const measured = z.strictObject({ score: z.number(), predictions: z.array(predictionSchema) });

export const ablationResultSchema = z.strictObject({
  runId: z.string(),
  ablation: ablationSchema,
  value: ablationValueSchema,
  count: z.int(),
  before: measured,
  after: measured,
  /** Scores with random neurons switched off; null where there are too few others. */
  control: z
    .strictObject({
      scores: z.array(z.number()),
      mean: z.number(),
      deviation: z.number(),
      probability: z.number().nullable(),
    })
    .nullable(),
  /** What the conductance of the neurons promises: F without them would be lower by so much; null where it is not known. */
  promised: z.number().nullable(),
  /** The run, and the same without the neurons, each with its completeness error. */
  explanations: z.strictObject({ before: explanationSchema, after: explanationSchema }).nullable(),
  notes: z.array(z.string()),
});

/** What an attribution says in short; the whole of it stands in `folder`, beside ablation.json. */
const explained = explanationSchema
  .pick({ score: true, deltaF: true, sum: true, completenessError: true, evaluations: true, status: true })
  .extend({ folder: z.string() });

/** `ablation.json`. */
export const ablationFileSchema = ablationResultSchema.omit({ runId: true, explanations: true }).extend({
  version: z.literal(1),
  ...explanationSchema.pick({ model: true, sample: true, backend: true, target: true, baseline: true }).shape,
  explanations: z.strictObject({ before: explained, after: explained }),
  /** What it takes to repeat it. */
  provenance: z.strictObject({
    pathlight: z.string(),
    request: explainRequestSchema,
    params: ablateParamsSchema.omit({ runId: true }),
  }),
});

const ranked = z.strictObject({
  node: z.string(),
  neuron: index,
  value: z.number(),
  error: z.number(),
  /** Of ΔF; null where that is 0. */
  share: z.number().nullable(),
});
/** A number, or null where it is not finite. */
const finite = z.number().nullable();

/**
 * `neurons.json`: the fields of `explanation.json`, of which `sum` and the errors are those over the layer, and what the
 * neurons carry. Values at full resolution stand in `neurons-K.npy`, one file a node of the layer, [patches, ...shape].
 */
export const neuronsFileSchema = explanationFileSchema.extend({
  /** Several nodes where they were asked for together. */
  layer: z.union([z.string(), layerSchema]),
  /** Of the layer, without the batch axis; one for each node where there are several. */
  shape: z.union([z.array(z.int()), z.array(z.array(z.int()))]),
  nodes: neuronsSchema.shape.nodes,
  /** Rows of the arrays, in order; without any the single row is the conductance. */
  patches: z.array(z.strictObject({ ...neuronsSchema.shape.patches.element.shape, top: z.array(ranked) })),
  grid: gridSchema.nullable(),
  /** Strongest neurons by |conductance|. */
  top: z.array(ranked),
  conductance: z.array(finite),
  conductanceErrors: z.array(finite),
  conservation: neuronsSchema.shape.conservation,
  partition: neuronsSchema.shape.partition,
  derivatives: neuronsSchema.shape.derivatives,
  notFinite: neuronsSchema.shape.notFinite,
  notes: z.array(z.string()),
});

/** The pruning experiment of Lundstrom, Huang, Razaviyayn (2022) on one sample. */
export const pruneParamsSchema = z.strictObject({
  runId: z.string(),
  layer: layerSchema,
  axis: index.optional(),
  a: patchSchema,
  b: patchSchema,
  /** How many neurons are switched off, ascending. */
  counts: z.array(z.int().min(1)).min(1).max(64),
  value: ablationValueSchema.default("baseline"),
  /** Samples of the data set that `mean` is taken over. */
  samples: z.array(sampleRefSchema).default([]),
  control: z.int().min(1).max(100).default(5),
});

const series = z.strictObject({
  /** Which neurons go first: the strongest of A, of B, or any. */
  by: z.enum(["a", "b", "random"]),
  /** One for each count. Of `random` means; `deviation` is 0 otherwise. */
  points: z.array(
    z.strictObject({
      count: z.int(),
      score: z.number(),
      /** Σ attribution inside A and inside B. */
      a: z.number(),
      b: z.number(),
      deviation: z.strictObject({ score: z.number(), a: z.number(), b: z.number() }),
    }),
  ),
});

export const pruningSchema = z.strictObject({
  runId: z.string(),
  layer: layerSchema,
  /** With nothing switched off. */
  start: z.strictObject({ score: z.number(), a: z.number(), b: z.number() }),
  series: z.array(series),
  /** The largest completeness error of the attributions behind the points. */
  completenessError: z.number(),
  notes: z.array(z.string()),
});

export type Layer = z.output<typeof layerSchema>;
export type Region = z.output<typeof regionSchema>;
export type Patch = z.output<typeof patchSchema>;
export type PatchGrid = z.output<typeof gridSchema>;
export type NeuronNode = z.output<typeof neuronNodeSchema>;
export type LayerSum = z.output<typeof layerSumSchema>;
export type Conservation = z.output<typeof conservationSchema>;
export type NeuronsParams = z.output<typeof neuronsParamsSchema>;
export type Neurons = z.output<typeof neuronsSchema>;
export type NeuronsFile = z.output<typeof neuronsFileSchema>;
export type NeuronSourcesParams = z.output<typeof neuronSourcesParamsSchema>;
export type NeuronSources = z.output<typeof neuronSourcesSchema>;
export type NeuronDetail = z.output<typeof neuronDetailSchema>;
export type TopSamples = z.output<typeof topSamplesSchema>;
export type Ablation = z.output<typeof ablationSchema>;
export type AblationValue = z.output<typeof ablationValueSchema>;
export type AblateParams = z.output<typeof ablateParamsSchema>;
export type AblationFile = z.output<typeof ablationFileSchema>;
export type AblationResult = z.output<typeof ablationResultSchema>;
export type PruneParams = z.output<typeof pruneParamsSchema>;
export type Pruning = z.output<typeof pruningSchema>;
