import { assertNever } from "../common/errors.ts";
import { auditText } from "./auditWords.ts";
import type { Explanation } from "./explanation.ts";
import { formatPercent, formatScore, formatSetting, formatSigned } from "./format.ts";

/**
 * The verdict on an explanation, in the words that the panel, the report, the diagnostic and the command line share.
 * There is one place for them so that no two of these can disagree about how far a map may be trusted.
 */

export type VerdictKind = "sharpening" | "reliable" | "draft" | "low-trust" | "precision" | "suspect" | "no-change";

export interface Verdict {
  readonly kind: VerdictKind;
  readonly title: string;
  readonly sentence: string;
}

/** Estimated relative L1 error above which single values must not be read. */
export const FEATURE_ERROR_LIMIT = 0.25;

export type VerdictInput = Pick<
  Explanation,
  | "status"
  | "method"
  | "completenessError"
  | "featureError"
  | "tolerance"
  | "evaluations"
  | "deltaF"
  | "mapSize"
  | "audit"
>;

/** Whether an audit has found a gradient wrong. */
function isRefuted({ audit }: Pick<VerdictInput, "audit">): boolean {
  return audit?.verdict === "wrong" || audit?.verdict === "not-located";
}

/** |Σ − ΔF| relative to |ΔF|, or to the size of the map where ΔF is 0. */
export function relativeSumError(explanation: Pick<VerdictInput, "completenessError" | "mapSize">): number {
  const { absolute, relative } = explanation.completenessError;
  if (relative !== null) return relative;
  return explanation.mapSize > 0 ? absolute / explanation.mapSize : 0;
}

function kindOf(explanation: VerdictInput, warnAbove: number): VerdictKind {
  const sumError = relativeSumError(explanation);
  const featureError = explanation.featureError ?? 0;
  if (explanation.status === "running") return "sharpening";
  if (explanation.status === "suspect-gradient" || isRefuted(explanation)) return "suspect";
  if (sumError > warnAbove || featureError > FEATURE_ERROR_LIMIT) return "low-trust";
  if (explanation.completenessError.relative === null) return "no-change";
  if (explanation.status === "precision-floor") return "precision";
  const within = sumError <= explanation.tolerance && featureError <= explanation.tolerance;
  if (within && explanation.method === "integrated-gradients") return "reliable";
  return "draft";
}

/** `unit`: what a value stands for: pixel, cell, token, word, feature. */
export function verdictOf(explanation: VerdictInput, warnAbove: number, unit = "pixel"): Verdict {
  const kind = kindOf(explanation, warnAbove);
  const sumOff = formatPercent(relativeSumError(explanation));
  const perFeature = explanation.featureError === null ? null : formatPercent(explanation.featureError);
  switch (kind) {
    case "sharpening":
      return {
        kind,
        title: "Sharpening",
        sentence:
          explanation.evaluations === 0
            ? "The first map is on its way."
            : `First map from ${explanation.evaluations} evaluations. Read large regions only.`,
      };
    case "reliable":
      return {
        kind,
        title: "Reliable",
        sentence:
          perFeature === null
            ? `The map adds up to the score change within ${sumOff}.`
            : `The map adds up to the score change within ${sumOff}, and its values are good to ${perFeature.startsWith("<") ? "" : "about "}${perFeature}.`,
      };
    case "draft":
      return {
        kind,
        title: "Draft",
        sentence:
          explanation.method === "integrated-gradients"
            ? "Large regions can be read; fine detail is not settled."
            : "A plain gradient says how the score reacts here, not what made it.",
      };
    case "low-trust":
      return {
        kind,
        title: "Low trust",
        sentence:
          explanation.method !== "integrated-gradients"
            ? `A plain gradient need not add up, and this one is off by ${sumOff}. Use Integrated Gradients.`
            : (explanation.featureError ?? 0) > 1
              ? `Nearly every value is smaller than its own error (hatched).`
              : (explanation.featureError ?? 0) > FEATURE_ERROR_LIMIT
                ? `The values of single ${unit}s are off by about ${perFeature}; hatched ones are smaller than their error.`
                : `The map misses the score change by ${sumOff}.`,
      };
    case "precision":
      return {
        kind,
        title: "At the precision limit",
        sentence: `More evaluations will not help: float32 ends at about ${perFeature ?? sumOff} here.`,
      };
    case "suspect":
      if (explanation.audit !== undefined && isRefuted(explanation)) {
        const { title, sentence } = auditText(explanation.audit);
        return { kind, title: "Gradient wrong", sentence: `${title}. ${sentence}` };
      }
      return {
        kind,
        title: "Gradient suspect",
        sentence: "The error does not shrink under refinement. A gradient may be wrong: do not trust this map.",
      };
    case "no-change":
      return {
        kind,
        title: "No change to explain",
        sentence: "Sample and baseline score the same. Errors are given against the size of the map.",
      };
    default:
      return assertNever(kind);
  }
}

export type BannerAction = "refine" | "explain-logit" | "another-baseline" | "audit";

export interface BannerText {
  readonly title: string;
  readonly sentence: string;
  /** The buttons that make sense, most useful first. */
  readonly actions: readonly BannerAction[];
}

function percentOfPath(alpha: number): string {
  return `${Math.round(alpha * 100)}\u202f%`;
}

function likelyCause(explanation: Explanation): string {
  const link = explanation.target.link;
  if (link !== "logit") return `where ${link} jumps and ${explanation.evaluations} evaluations are too few`;
  if (explanation.rule !== "adaptive") {
    return `where ${explanation.evaluations} evaluations at fixed places are too few`;
  }
  return `where the score bends sharply and ${explanation.evaluations} evaluations are too few`;
}

/** What an audit says of a suspicion; before there is one, the first thing to do is to make it. */
function suspectBanner(explanation: Explanation, sums: string, actions: readonly BannerAction[]): BannerText {
  const others = actions.filter((action) => action !== "refine");
  const { audit } = explanation;
  if (audit === undefined) {
    return {
      title: "A gradient may be wrong: do not trust this map.",
      sentence: `${sums} More evaluations do not bring the two together, which a right gradient would.`,
      actions: ["audit", ...others],
    };
  }
  const { title, sentence } = auditText(audit);
  if (isRefuted(explanation)) return { title: `${title}: do not trust this map.`, sentence, actions: [] };
  const still = audit.verdict === "confirmed" ? " The score itself may jump, where no gradient sees it." : "";
  return {
    title: `${title}, yet the map does not add up: do not trust it.`,
    sentence: `${sums}${still}`,
    actions: audit.verdict === "confirmed" ? others : ["audit", ...others],
  };
}

/** The low-trust banner: how much is missing, where on the path, the likely cause. Null when there is nothing to do. */
export function bannerOf(explanation: Explanation, warnAbove: number): BannerText | null {
  const { kind } = verdictOf(explanation, warnAbove);
  const actions: BannerText["actions"][number][] = [];
  if (explanation.status !== "precision-floor" && explanation.status !== "suspect-gradient") actions.push("refine");
  if (explanation.target.link !== "logit") actions.push("explain-logit");
  actions.push("another-baseline");
  const sums = `It adds up to ${formatSigned(explanation.sum)}, but the score changed by ${formatSigned(explanation.deltaF)}.`;
  if (kind === "suspect") return suspectBanner(explanation, sums, actions);
  if (kind !== "low-trust") return null;
  if (explanation.method !== "integrated-gradients") {
    return { title: "Low trust: a plain gradient need not add up.", sentence: sums, actions: [] };
  }
  const worst = [...explanation.path.worst].sort((a, b) => b.share - a.share)[0];
  const where =
    worst === undefined || worst.to - worst.from > 0.6
      ? ` ${explanation.evaluations} evaluations are too few for this path.`
      : ` Most of the error (${formatPercent(worst.share)}) lies between ${percentOfPath(worst.from)} and ${percentOfPath(worst.to)} of the path, ${likelyCause(explanation)}.`;
  const floor =
    explanation.status === "precision-floor" ? " This is the end of float32 here: more evaluations will not help." : "";
  const within = relativeSumError(explanation) <= warnAbove && explanation.featureError !== null;
  const lead = within
    ? `It adds up to the score change, but its single values are off by about ${formatPercent(explanation.featureError ?? 0)}.`
    : sums;
  return {
    title: "Low trust: do not read this map yet.",
    sentence: `${lead}${where}${floor}`,
    actions,
  };
}

/** What the banner says where there is something to do besides low trust, most pressing first. */
export interface NoticeText {
  readonly tone: "info" | "error";
  readonly title: string;
  readonly sentence: string;
  readonly actions: readonly ("continue" | "discard" | "explain-again")[];
}

export function cancelledNotice(explanation: Explanation): NoticeText {
  const { evaluations, featureError, tolerance } = explanation;
  const kept = `${evaluations} ${evaluations === 1 ? "evaluation is" : "evaluations are"} kept.`;
  const good = featureError !== null && featureError <= FEATURE_ERROR_LIMIT;
  return {
    tone: "info",
    title: good ? "Cancelled: a usable draft." : "Cancelled: too early to read.",
    sentence:
      featureError === null
        ? `${kept} The goal of ${formatSetting(tolerance)} was not reached.`
        : `${kept} The values are good to about ${formatPercent(featureError)}; the goal was ${formatSetting(tolerance)}.`,
    actions: ["continue", "discard"],
  };
}

export function staleNotice(what: "sample" | "model"): NoticeText {
  return {
    tone: "info",
    title: `The ${what} changed on disk.`,
    sentence: `This map belongs to the ${what} as it was before.`,
    actions: ["explain-again"],
  };
}

/** How well two maps agree, in words. */
export function agreementOf(rankCorrelation: number | null, topOverlap: number | null): NoticeText {
  if (rankCorrelation === null || topOverlap === null) {
    return {
      tone: "info",
      title: "The two maps cannot be compared cell by cell.",
      sentence: "Their shapes differ; both are painted on one scale.",
      actions: [],
    };
  }
  const strength =
    rankCorrelation >= 0.9
      ? "closely"
      : rankCorrelation >= 0.6
        ? "in the main"
        : rankCorrelation >= 0.2
          ? "weakly"
          : "hardly at all";
  return {
    tone: "info",
    title: `The two maps agree ${strength}.`,
    sentence:
      `Rank correlation ${formatScore(rankCorrelation, 2)}; they share ${formatPercent(topOverlap)} of their strongest tenth. ` +
      "Name the baseline whenever you show either map.",
    actions: [],
  };
}

/** What the plain gradient's sum says beside the change that it is meant to explain. */
export function gradientCaption(gradientSum: number, deltaF: number, link: string): string {
  const sums = `adds up to ${formatSigned(gradientSum)} of ${formatSigned(deltaF)}`;
  if (deltaF === 0) return sums;
  const ratio = gradientSum / deltaF;
  if (Math.abs(ratio) < 0.1) return `${sums}: ${link === "logit" ? "the score" : link} is saturated`;
  if (ratio < 0) return `${sums}: even the sign is wrong`;
  if (Math.abs(ratio - 1) < 0.1) return `${sums}: agrees here`;
  return sums;
}
