import { engine, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import { nodesOfTerm, type ScoreTerm } from "../../common/scoreTerm.ts";
import { freeAbandonedTape } from "../../engine/abandonedTape.ts";
import type { DifferentiableModel, NodeId } from "../../engine/port.ts";
import type { ScoreTarget } from "../../engine/scoreOf.ts";
import { fromTensorError } from "../../engine/tensorErrors.ts";
import { termOf } from "../../engine/termOf.ts";
import { withFeeds } from "../feeds.ts";
import type { ExplainedInput, FeedValue, RunPlan } from "../runPlan.ts";

/** One of the two vectors whose product is explained, and the text that it is computed from. */
export interface Tower {
  /** [rows, width], normalised for a cosine. Called inside `tidy`. */
  readonly output: (feeds: ReadonlyMap<NodeId, Tensor>) => Tensor;
  /** Embeddings of the one text. */
  readonly explained: readonly ExplainedInput[];
  /** Everything else, at the sample. */
  readonly held: readonly FeedValue[];
}

/**
 * The two vectors of a similarity, each of a text of its own. A cosine is the dot product of the vectors divided by their
 * lengths, so that both cases are one. Throws `target-invalid` for a score that is no similarity of two texts.
 */
export async function towersOf(plan: RunPlan, model: DifferentiableModel): Promise<readonly [Tower, Tower]> {
  const [left, right] = vectorsOf(plan.score);
  const reached = [await reachedBy(model, plan, left), await reachedBy(model, plan, right)];
  const towers = [left, right].map((term, k): Tower => {
    const explained = reached[k] ?? [];
    const nodes = new Set(explained.map(({ node }) => node));
    const others = plan.explained.filter(({ node }) => !nodes.has(node));
    return { output: outputOf(model, term), explained, held: [...plan.held, ...others.map(asFeed)] };
  });
  const [a, b] = towers;
  if (a === undefined || b === undefined) throw notPairs("one vector");
  const inputs = [a, b].map(({ explained }) => new Set(explained.map(({ input }) => input)));
  const isText = (tower: Tower): boolean => tower.explained.every(({ prepared }) => prepared.kind === "text");
  if (
    inputs.some(({ size }) => size !== 1) ||
    a.explained.some(({ node }) => b.explained.some((each) => each.node === node))
  ) {
    const found = inputs.map((each) => (each.size === 0 ? "no text" : [...each].join(" and "))).join(", and from ");
    throw notPairs(`vectors that are computed from ${found}`);
  }
  if (!isText(a) || !isText(b)) throw notPairs("vectors that are not computed from text");
  return [a, b];
}

function vectorsOf(score: ScoreTarget): readonly [ScoreTerm, ScoreTerm] {
  if (!("term" in score)) throw notPairs("one value of an output");
  const { term } = score;
  const isSimilarity = term.kind === "call" && (term.call === "cosine" || term.call === "dot");
  const [a, b] = isSimilarity ? term.args : [];
  if (!isSimilarity || a === undefined || b === undefined) throw notPairs("another calculation");
  return term.call === "dot" ? [a, b] : [normalised(a), normalised(b)];
}

function normalised(vector: ScoreTerm): ScoreTerm {
  return { kind: "binary", operator: "/", left: vector, right: { kind: "call", call: "norm", args: [vector] } };
}

function outputOf(model: DifferentiableModel, term: ScoreTerm): Tower["output"] {
  const nodes = nodesOfTerm(term);
  return (feeds) => {
    const outputs = model.evaluate(feeds, nodes);
    return termOf(term, new Map(nodes.map((id, k) => [id, outputs[k] as Tensor])));
  };
}

/** The explained nodes that a vector depends on: those that a gradient of it reaches. */
async function reachedBy(model: DifferentiableModel, plan: RunPlan, term: ScoreTerm): Promise<ExplainedInput[]> {
  return withFeeds([...plan.held, ...plan.explained.map(asFeed)], async (feeds) => {
    const xs = plan.explained.map(({ node }) => feeds.get(node) as Tensor);
    let reached: boolean[] = [];
    try {
      tidy(() => {
        const { grads } = engine().gradients(() => sum(outputOf(model, term)(feeds)), xs, undefined, true);
        reached = grads.map((gradient: Tensor | null | undefined) => gradient !== null && gradient !== undefined);
      });
    } catch (error) {
      freeAbandonedTape();
      throw fromTensorError(error);
    }
    return plan.explained.filter((_, k) => reached[k]);
  });
}

function asFeed({ node, shape, x }: ExplainedInput): FeedValue {
  return { node, shape, data: x, dtype: "float32" };
}

function notPairs(found: string): PathlightError {
  return new PathlightError("target-invalid", "Token pairs are of the similarity of two texts.", {
    expected: "a target expression cosine(a, b) or dot(a, b), each vector computed from a text of its own",
    found,
    whatToDo: "Set such a target expression, or leave the pairs out.",
  });
}
