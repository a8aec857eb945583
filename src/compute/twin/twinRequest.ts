import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel } from "../../engine/port.ts";
import type { ExplainRequest, SampleRef } from "../../protocol/explain.ts";
import { namesOf, quotedNamesOf } from "../../protocol/expression/namesOf.ts";
import { parseExpression } from "../../protocol/expression/parse.ts";
import { companionsOf } from "../companions.ts";
import { onSide, type Side, sideOf, sides, type TwinModel, withoutSide } from "./twinModel.ts";

/**
 * Whether a request is of one encoder with two samples: its target expression is over `a` and `b`, or over nodes of both
 * such as `node("a/pooled")`, and the model has nothing of these names itself.
 */
export function asksForTwins({ settings }: ExplainRequest, model: DifferentiableModel): boolean {
  const { target } = settings;
  if (target.kind !== "expression") return false;
  const expression = parseExpression(target.expression);
  const names = namesOf(expression);
  const quoted = [...quotedNamesOf(expression)];
  const shown = new Set([...model.inputs, ...model.outputs].map(({ id }) => id));
  const nodes = new Set([...shown, ...model.nodes.map(({ id }) => id)]);
  return sides.every(
    (side) =>
      (names.has(side) && !shown.has(side)) ||
      quoted.some((name) => sideOf(name) === side && nodes.has(withoutSide(name)) && !nodes.has(name)),
  );
}

/** The request of one side: its sample, by the name of the side, or in order; a pair is one sample for each. */
export function sideRequest(request: ExplainRequest, side: Side): ExplainRequest {
  const named = request.samples.filter(({ input }) => input === side || input?.startsWith(onSide(side, "")) === true);
  const unnamed = request.samples.filter(({ input }) => input === undefined).flatMap(({ sample }) => apart(sample));
  const own = unnamed[sides.indexOf(side)];
  const samples = named.map(({ input, sample }) => {
    const inner = input === undefined || input === side ? undefined : input.slice(onSide(side, "").length);
    return { ...(inner === undefined ? {} : { input: inner }), sample };
  });
  if (samples.length === 0 && own !== undefined && unnamed.length === sides.length) samples.push({ sample: own });
  if (samples.length === 0) {
    throw new PathlightError("usage", "The expression is of two texts, a and b.", {
      expected: "two samples: --text twice, --input a=FILE --input b=FILE, or --column a=NAME --column b=NAME",
      found: `${request.samples.length === 1 ? "one sample" : `${request.samples.length} samples`}`,
      whatToDo: "Give the other text as well.",
    });
  }
  const blanked = request.blanked?.flatMap((entry) =>
    entry.input.startsWith(onSide(side, "")) ? [{ ...entry, input: entry.input.slice(onSide(side, "").length) }] : [],
  );
  return { ...request, samples, ...(blanked === undefined ? {} : { blanked }) };
}

/**
 * The same request with each sample under the name of the input that reads it, `a/INPUT` and `b/INPUT`: so that an edit of
 * the one text is never taken for one of the other.
 */
export function namedSamples(request: ExplainRequest, { inner }: TwinModel): ExplainRequest {
  const companions = companionsOf(inner.inputs, inner.embeddings);
  const [free, ...others] = inner.inputs.filter(({ id }) => !companions.has(id));
  const samples = sides.flatMap((side) =>
    sideRequest(request, side).samples.map(({ input, sample }) => {
      const name = input ?? (others.length === 0 ? free?.id : undefined);
      return { input: name === undefined ? side : onSide(side, name), sample };
    }),
  );
  return { ...request, samples };
}

/** Two texts that one sample holds, which a model of one sequence would read as a pair. */
function apart(sample: SampleRef): SampleRef[] {
  if (sample.kind === "file") {
    const { secondColumn, ...first } = sample;
    return secondColumn === undefined ? [sample] : [first, { ...first, column: secondColumn }];
  }
  const { second, row, ...first } = sample;
  if (row?.secondColumn !== undefined) {
    const { secondColumn, ...one } = row;
    const text = row.fields[secondColumn] ?? "";
    return [
      { ...first, row: one },
      { ...first, text, row: { ...one, column: secondColumn } },
    ];
  }
  return second === undefined ? [sample] : [first, { ...first, text: second }];
}
