import { basename } from "node:path";
import { sumByCell } from "../engine/grain.ts";
import type { Integration } from "../engine/integration.ts";
import type { BaselineSpec } from "../protocol/explain.ts";
import type {
  Attribution,
  BackendInfo,
  Explanation,
  Status,
  TextAttribution,
  Warning,
} from "../protocol/explanation.ts";
import { formatCount, formatPercent, formatScore } from "../protocol/format.ts";
import { areValues } from "../protocol/probability.ts";
import { windowsText } from "../protocol/windowWords.ts";
import type { PreparedSample, TextWindows } from "../samples/index.ts";
import { edited } from "./editedRequest.ts";
import { type ExplainedInput, grainOf, grainPixels, type RunPlan } from "./runPlan.ts";

/** What a run knows besides its plan and its numbers. */
export interface RunState {
  readonly runId: string;
  readonly status: Status;
  readonly seconds: number;
  readonly threads: number;
  readonly grain: number | undefined;
  readonly tolerance: number;
  readonly maxEvaluations: number;
  readonly warnAbove: number;
}

/** An explanation as it is shown, stored and exported. Without an integration: the sample and its predictions only. */
export function present(plan: RunPlan, integration: Integration | null, state: RunState): Explanation {
  const spec: BaselineSpec = plan.settings.baseline ?? { kind: "name", name: "zeros" };
  const shared = {
    runId: state.runId,
    status: state.status,
    model: {
      name: plan.model.name,
      path: plan.model.path,
      format: plan.model.format,
      fingerprint: plan.model.fingerprint,
      parameterCount: plan.model.parameterCount,
      inputShapes: plan.model.inputShapes,
    },
    sample: sampleView(plan),
    backend: withThreads(plan.backend, state.threads),
    method: plan.settings.method,
    rule: plan.settings.rule,
    steps: plan.settings.rule === "adaptive" ? null : plan.settings.steps,
    target: {
      index: plan.target.index,
      label: plan.target.label,
      output: plan.head.output,
      // An expression says itself what it reads.
      link: plan.expression === undefined ? plan.settings.link : "logit",
      ...(plan.expression === undefined ? {} : { expression: plan.expression }),
      ...(isRegression(plan) ? { regression: true as const } : {}),
      ...(plan.position === undefined ? {} : { position: plan.position }),
    },
    baseline: { spec, label: plan.baselineLabel },
    tolerance: state.tolerance,
    maxEvaluations: state.maxEvaluations,
    predictions: [...plan.predictions],
    seconds: state.seconds,
    finishedAt: state.status === "running" ? null : new Date().toISOString(),
    ...(plan.produced === undefined ? {} : { produced: plan.produced }),
    ...(plan.positions === undefined ? {} : { positions: [...plan.positions] }),
  };
  if (integration === null) return { ...shared, ...nothingYet(plan) };
  const mapSize = integration.cells.reduce((sum, cell) => sum + Math.abs(cell), 0);
  return {
    ...shared,
    score: { input: integration.fInput, baseline: integration.fBaseline },
    deltaF: integration.deltaF,
    sum: integration.sum,
    completenessError: { ...integration.completenessError },
    featureError: integration.featureError,
    mapSize,
    gradientSum: integration.gradientAtInput.reduce((sum, value) => sum + value, 0),
    evaluations: integration.evaluations,
    rounds: integration.rounds,
    errorByRound: integration.errorByRound.map((round) => ({ ...round })),
    path: {
      alphas: integration.alphas,
      scores: integration.f,
      worst: integration.worstIntervals.map((interval) => ({ ...interval })),
    },
    attributions: attributionsOf(plan, integration, state.grain),
    warnings: warningsOf(plan, integration, state, mapSize),
  };
}

function isRegression({ expression, settings, predictions }: RunPlan): boolean {
  return expression === undefined && settings.link === "logit" && areValues(predictions);
}

/** Said where more than one thread of ours computed; TensorFlow's own threads are its own business. */
function withThreads(backend: BackendInfo, threads: number): BackendInfo {
  return threads > 1 ? { ...backend, device: `${backend.device} · ${threads} threads` } : backend;
}

function sampleView(plan: RunPlan): Explanation["sample"] {
  const info = plan.explained[0]?.prepared.info;
  if (info === undefined) return { title: "", path: null, row: null };
  // With blanks in it, it is not what stands in the file.
  if (plan.request.blanked !== undefined) return { title: edited(titleOf(info)), path: null, row: null };
  return { title: titleOf(info), path: info.path, row: info.row };
}

function titleOf({ title, path, row }: PreparedSample["info"]): string {
  if (path === null) return title;
  // Rows are counted from 1 where a person reads them, as an editor counts lines.
  return row === null ? basename(path) : `${basename(path)} : row ${row + 1}`;
}

function nothingYet(
  plan: RunPlan,
): Pick<
  Explanation,
  | "score"
  | "deltaF"
  | "sum"
  | "completenessError"
  | "featureError"
  | "mapSize"
  | "gradientSum"
  | "evaluations"
  | "rounds"
  | "errorByRound"
  | "path"
  | "attributions"
  | "warnings"
> {
  return {
    score: { input: plan.target.value, baseline: 0 },
    deltaF: 0,
    sum: 0,
    completenessError: { absolute: 0, relative: null },
    featureError: null,
    mapSize: 0,
    gradientSum: null,
    evaluations: 0,
    rounds: 0,
    errorByRound: [],
    path: { alphas: new Float64Array(), scores: new Float64Array(), worst: [] },
    attributions: plan.explained.map((explained) =>
      attributionOf(
        explained,
        new Float64Array(explained.x.length),
        null,
        null,
        plan.settings.grain,
        plan.windowPredictions,
      ),
    ),
    warnings: [...plan.notes],
  };
}

function attributionsOf(plan: RunPlan, integration: Integration, grain: number | undefined): Attribution[] {
  let feature = 0;
  let cell = 0;
  return plan.explained.map((explained) => {
    const size = explained.x.length;
    const cells = grainOf(explained, grain).cellCount;
    const values = integration.attributions.subarray(feature, feature + size);
    const gradient = integration.gradientAtInput.subarray(feature, feature + size);
    const errors =
      integration.featureError === null ? null : Float32Array.from(integration.cellErrors.subarray(cell, cell + cells));
    feature += size;
    cell += cells;
    return attributionOf(explained, values, gradient, errors, grain, plan.windowPredictions);
  });
}

/** Values in the form that they are read in: a pixel, a token, a feature. */
function attributionOf(
  explained: ExplainedInput,
  values: Float64Array,
  gradient: Float32Array | null,
  cellErrors: Float32Array | null,
  grain: number | undefined,
  predictions: RunPlan["windowPredictions"],
): Attribution {
  // At grain 1 a cell is what a single value of the display stands for: a pixel with its channels, a token.
  const read = grainOf(explained, 1);
  const shared = {
    input: explained.input,
    values: Float32Array.from(sumByCell(read, values)),
    gradient: gradient === null ? null : Float32Array.from(sumByCell(read, gradient)),
    cellErrors,
  };
  const { prepared } = explained;
  switch (prepared.kind) {
    case "image":
      return {
        kind: "image",
        ...shared,
        shape: [...explained.shape],
        height: prepared.height,
        width: prepared.width,
        original: prepared.original,
        crop: prepared.crop,
        grain: grainPixels(explained, grain),
      };
    case "text":
      return {
        kind: "text",
        ...shared,
        shape: [...prepared.tensor.shape],
        text: prepared.text,
        truncatedFrom: prepared.encoded.truncatedFrom,
        gap: prepared.encoded.gap,
        fields: [...prepared.fields],
        tokens: [...prepared.encoded.tokens],
        blank: explained.blank,
        ...windowsOf(prepared.windows, predictions),
      };
    case "tensor":
      return {
        kind: "tensor",
        ...shared,
        shape: [...prepared.tensor.shape],
        ...(prepared.names === undefined ? {} : { names: [...prepared.names] }),
        sample: Float32Array.from(prepared.tensor.data),
      };
  }
}

function windowsOf(
  windows: TextWindows | undefined,
  predictions: RunPlan["windowPredictions"] = [],
): Pick<TextAttribution, "windows"> {
  if (windows === undefined) return {};
  const { length, overlap } = windows;
  const ranges = windows.ranges.map(({ from, to }, at) => {
    const { score = null, logit = null } = predictions[at] ?? {};
    return { from, to, score, logit };
  });
  return { windows: { length, overlap, ranges } };
}

/** What of one text of a pair the model did not see. */
function cutOfPair({ name, end, truncatedFrom }: TextAttribution["fields"][number], index: number): Warning[] {
  if (truncatedFrom === undefined) return [];
  const which = name === null ? `${index === 0 ? "first" : "second"} text` : `text of ${name}`;
  const message = `The two texts are longer than the model takes: the last ${end - truncatedFrom} characters of the ${which} were not seen by it.`;
  return [{ code: "truncated", message }];
}

function warningsOf(plan: RunPlan, integration: Integration, state: RunState, mapSize: number): Warning[] {
  const warnings: Warning[] = [...plan.notes];
  const { absolute, relative } = integration.completenessError;
  const sumError = relative ?? (mapSize > 0 ? absolute / mapSize : 0);
  if (state.status !== "running" && sumError > state.warnAbove) {
    warnings.push({
      code: "completeness",
      message: `The attributions add up to ${formatScore(integration.sum)}, but the score changed by ${formatScore(integration.deltaF)}: off by ${formatPercent(sumError)}.`,
    });
  }
  if (relative === null) {
    warnings.push({
      code: "delta-zero",
      message: "Sample and baseline score the same; errors are given against the size of the map.",
    });
  } else if (integration.illConditioned) {
    warnings.push({
      code: "ill-conditioned",
      message: `The score changed by ${formatScore(integration.deltaF)} only, while the attributions add up to ${formatScore(mapSize)} in absolute value: large ones cancel, so small errors of theirs weigh heavily.`,
    });
  }
  if (state.status === "budget") {
    warnings.push({
      code: "budget",
      message: `Stopped at the limit of ${plan.settings.rule === "adaptive" ? state.maxEvaluations : integration.evaluations} evaluations, before the tolerance of ${formatPercent(state.tolerance)} was met.`,
    });
  }
  if (state.status === "precision-floor") {
    warnings.push({ code: "precision-floor", message: "More evaluations will not help: this is the end of float32." });
  }
  if (state.status === "suspect-gradient") {
    warnings.push({
      code: "suspect-gradient",
      message: "The error does not shrink under refinement. A gradient may be wrong: do not trust this map.",
    });
  }
  for (const { prepared } of plan.explained) {
    if (prepared.kind !== "text") continue;
    const { truncatedFrom, gap, unknownCount } = prepared.encoded;
    if (gap !== null) {
      warnings.push({
        code: "truncated",
        message: `The model sees the start and the end of the file only: ${formatCount(gap.bytes)} bytes in the middle were not seen by it.`,
      });
    }
    const { windows } = windowsOf(prepared.windows);
    if (windows !== undefined) {
      warnings.push({
        code: "windows",
        message: `The text is longer than the model takes: it was read in ${windowsText(windows)}. The score is the mean over them.`,
      });
    }
    if (prepared.fields.length > 1) {
      warnings.push(...prepared.fields.flatMap((field, index) => cutOfPair(field, index)));
    } else if (truncatedFrom !== null) {
      const lost = prepared.text.length - truncatedFrom;
      warnings.push({
        code: "truncated",
        message: `The text is longer than the model takes: the last ${lost} characters were not seen by it.`,
      });
    }
    if (unknownCount > 0) {
      warnings.push({
        code: "unknown-tokens",
        message:
          unknownCount === 1
            ? "One token is not in the vocabulary and stands as the unknown token."
            : `${unknownCount} tokens are not in the vocabulary and stand as the unknown token.`,
      });
    }
  }
  if (plan.backend.note !== undefined) warnings.push({ code: "backend", message: plan.backend.note });
  return warnings;
}
