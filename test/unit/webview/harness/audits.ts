import type { Audit } from "../../../../src/protocol/audit.ts";

/** Made-up but plausible findings of audits. */

type Comparison = Audit["path"][number];

function comparisons(way: Comparison["way"], alphas: readonly number[], wrong: number): Comparison[] {
  return alphas.map((alpha, index) => {
    const difference = 8 * Math.exp(-5 * alpha) + 1.2 * Math.sin(7 * alpha + index * (way === "random" ? 2 : 0));
    const bar = 0.02 + 0.3 * Math.abs(Math.sin(13 * alpha)) ** 3;
    const agreement = index === 2 ? "kink" : wrong === 1 ? "agrees" : "differs";
    return { alpha, way, gradient: difference * wrong, difference, bar, scale: Math.abs(difference), agreement };
  });
}

const spread = [0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.98];

function nodes(culprit: number): Audit["nodes"] {
  return Array.from({ length: 40 }, (_, index) => {
    const block = 16 - Math.floor(index / 3);
    const [op, name] = [
      ["Add", `block_${block}_add`],
      ["BatchNormalization", `block_${block}_project_BN`],
      ["Conv2D", `block_${block}_project`],
    ][index % 3] as [string, string];
    const differs = index === culprit;
    const agreement = differs ? "differs" : index === 9 ? "noise" : "agrees";
    return {
      id: name,
      op,
      layer: name,
      agreement,
      error: differs ? 0.091 : 0.0002 * (index % 7),
      floor: 0.0006,
      alpha: 0.6,
    };
  });
}

export function confirmedAudit(): Audit {
  return {
    verdict: "confirmed",
    within: 0.014,
    path: comparisons("path", spread, 1),
    directions: comparisons("random", [0.3, 0.7, 1, 1, 1], 1),
    nodes: nodes(-1),
    culprits: [],
    skipped: { integer: 2, unmoved: 1, refused: 0 },
    nodesKnown: true,
    passes: 4605,
    gradients: 345,
    seconds: 28.4,
    finishedAt: "2026-01-15T10:21:00.000Z",
  };
}

export function refutingAudit(): Audit {
  const found = nodes(5);
  const culprit = found[5] as Audit["nodes"][number];
  const path = comparisons("path", spread, 0.64);
  const one = { gradient: 3.1, difference: 3.1, bar: 0.02, scale: 3.1, agreement: "agrees" } as const;
  return {
    ...confirmedAudit(),
    verdict: "wrong",
    within: null,
    path,
    directions: comparisons("random", [0.3, 0.7, 1, 1, 1], 0.7),
    nodes: found,
    culprits: [
      {
        ...culprit,
        profile: path.map((each, index) => ({
          alpha: each.alpha,
          gradient: 50 * (1.1 + 0.05 * Math.sin(9 * each.alpha)),
          difference: 50,
          bar: 0.3 + index * 0.4,
          scale: 55,
          agreement: "differs",
        })),
        below: one,
        above: { ...one, gradient: 3.42, agreement: "differs" },
      },
    ],
  };
}
