import type { Audit } from "./audit.ts";
import { formatPercent, formatScore } from "./format.ts";

/** The finding of an audit in the words that the panel, the report, the diagnostic and the command line share. */
export interface AuditText {
  readonly title: string;
  readonly sentence: string;
}

type Culprit = Audit["culprits"][number];
type Finding = Audit["nodes"][number];

/** A node as a person knows it: its layer, with the operation and the node where they add something. */
export function nodeName({ id, op, layer }: Pick<Finding, "id" | "op" | "layer">): string {
  if (id === "(score)" && op === "expression") return "the target expression";
  if (id === "(score)") return `${op === "identity" ? "reading" : op} of the score`;
  if (layer === null) return `${id} (${op})`;
  return layer === id ? `${layer} (${op})` : `${layer} (${op}, node ${id})`;
}

/** What is wrong with one operation: 10 % too large, of the wrong sign, or off by so much. */
export function culpritText(culprit: Culprit): string {
  const told = culprit.profile.filter(({ agreement }) => agreement === "agrees" || agreement === "differs");
  const ratios = told.filter(({ difference }) => difference !== 0).map((each) => each.gradient / each.difference);
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const steady = ratios.length >= 3 && ratios.every((ratio) => Math.abs(ratio - mean) <= 0.02 * Math.abs(mean));
  if (ratios.length >= 3 && ratios.every((ratio) => Math.abs(ratio) < 1e-6)) return "it is zero where it should not be";
  if (steady && mean > 1.001) return `it is ${formatPercent(mean - 1)} too large`;
  if (steady && mean > 0 && mean < 0.999) return `it is ${formatPercent(1 - mean)} too small`;
  if (steady && mean < 0) return "it has the wrong sign";
  return `it is off by ${formatPercent(culprit.error)}`;
}

/** What was left out, in one sentence; empty where nothing was. */
export function skippedText({ skipped, nodesKnown }: Pick<Audit, "skipped" | "nodesKnown">): string {
  if (!nodesKnown) return "This format does not say how its operations hang together, so they were not told apart.";
  const parts = [
    ...(skipped.integer > 0 ? [`${skipped.integer} without real numbers`] : []),
    ...(skipped.unmoved > 0 ? [`${skipped.unmoved} that the path does not move`] : []),
    ...(skipped.refused > 0 ? [`${skipped.refused} that cannot be fed by themselves`] : []),
  ];
  return parts.length === 0 ? "" : `Not compared: ${parts.join(", ")}.`;
}

export function auditText(audit: Audit): AuditText {
  const { verdict, within, nodes, culprits } = audit;
  const compared = nodes.filter(({ agreement }) => agreement === "agrees" || agreement === "differs").length;
  switch (verdict) {
    case "confirmed": {
      const worst = Math.max(0, ...nodes.map(({ error }) => error));
      const each =
        compared === 0
          ? ""
          : ` Each of ${compared} operations agrees by itself, the worst within ${formatPercent(worst)}.`;
      return {
        title: `Gradients confirmed to within ${formatPercent(within ?? 0)}`,
        sentence: `Along the path they agree with forward passes.${each}`,
      };
    }
    case "wrong": {
      const [first, ...more] = culprits;
      if (first === undefined) return { title: "A gradient is wrong", sentence: "" };
      const others =
        more.length === 0
          ? ""
          : ` ${more.length} more, further from the score: ${more.slice(0, 3).map(nodeName).join(", ")}${more.length > 3 ? ", …" : ""}.`;
      return {
        title: `The gradient of ${nodeName(first)} is wrong`,
        sentence: `Compared with forward passes ${culpritText(first)}.${others} The map cannot be trusted.`,
      };
    }
    case "not-located":
      return {
        title: "The gradient is wrong, and no single operation was found",
        sentence: `Along the path it disagrees with forward passes, but each of ${compared} operations that could be compared agrees by itself. The map cannot be trusted.`,
      };
    case "cannot-tell": {
      const differ = [...audit.path, ...audit.directions];
      const kinks = differ.filter(({ agreement }) => agreement === "kink").length;
      const noisy = differ.filter(({ agreement }) => agreement === "noise").length;
      return {
        title: "The audit cannot tell",
        sentence: `Rounding and kinks drown the comparison at ${kinks + noisy} of ${differ.length} places. ${compared} operations could be compared by themselves, and agree.`,
      };
    }
  }
}

/** One comparison in a line of a table: gradient, difference and its bar, what came of it. */
export const agreementWords: Readonly<Record<Finding["agreement"], string>> = {
  agrees: "agrees",
  differs: "differs",
  kink: "set aside: kink",
  noise: "cannot tell",
};

/** `1.23 ± 0.01` */
export function measuredText({ difference, bar }: Pick<Audit["path"][number], "difference" | "bar">): string {
  return `${formatScore(difference)} ±\u202f${formatScore(bar, 2)}`;
}
