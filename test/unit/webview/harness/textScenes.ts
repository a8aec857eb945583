import { seededRandom } from "../../../../src/common/random.ts";
import type { Explanation, TextAttribution, Token } from "../../../../src/protocol/explanation.ts";
import type { HostToPanel, WhatIfState } from "../../../../src/protocol/panel.ts";
import type { WhatIfEdit, WhatIfResult } from "../../../../src/protocol/whatIf.ts";
import { windowsText } from "../../../../src/protocol/windowWords.ts";
import { byteTokenizer } from "../../../../src/samples/tokenizer/byteTokenizer.ts";

import { windowRanges } from "../../../../src/samples/windowPlan.ts";

/** Texts of the panel: pairs, long ones, other scripts, and edits. */

const wordOrMark = /[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu;

interface FieldText {
  readonly name: string | null;
  readonly text: string;
}

/** Fields read as one sequence, between [CLS] and [SEP], with made-up values. */
export function pairAttribution(input: string, fields: readonly FieldText[], seed: number): TextAttribution {
  const random = seededRandom(seed);
  const tokens: Token[] = [{ text: "[CLS]", id: 101, start: 0, end: 0, special: "other", word: -1 }];
  const places: TextAttribution["fields"] = [];
  let text = "";
  let word = 0;
  for (const { name, text: field } of fields) {
    const offset = text.length;
    for (const match of field.matchAll(wordOrMark)) {
      const start = offset + match.index;
      tokens.push({
        text: match[0],
        id: 200 + tokens.length,
        start,
        end: start + match[0].length,
        special: "none",
        word: word++,
      });
    }
    text += field;
    places.push({ name, start: offset, end: text.length });
    tokens.push({ text: "[SEP]", id: 102, start: text.length, end: text.length, special: "other", word: -1 });
    text += "\n";
  }
  text = text.slice(0, -1);
  const values = Float32Array.from(tokens, () => (random() - 0.42) * 2 * random() ** 2);
  return {
    kind: "text",
    input,
    shape: [tokens.length],
    text,
    truncatedFrom: null,
    gap: null,
    fields: places,
    tokens,
    values,
    gradient: values.map((value) => value * 0.8),
    cellErrors: values.map((value) => 0.002 + Math.abs(value) * 0.02),
    blank: { id: 103, text: "[MASK]", kind: "mask" },
  };
}

const review =
  "I bought this kettle in May, on the advice of Dr. Jones. It boils quickly and the handle stays cool. " +
  "The lid, however, broke after three weeks! Who designs a lid with a hinge of thin plastic? " +
  "I wrote to the maker, who answered within a day and sent me another one.\n\n" +
  "The new lid is better. All in all I would buy it again, although the price has gone up a little.";

const arabic = "كان الطعام لذيذا والخدمة ممتازة. لكن السعر كان مرتفعا جدا!";

/** Code as a model of bytes reads it. */
function bytesAttribution(): TextAttribution {
  const text =
    'import { readFile } from "node:fs";\n\nexport function load(path: string): string {\n  // Größe: 😀\n  return readFile(path);\n}\n'.repeat(
      12,
    );
  const { tokens } = byteTokenizer({ type: "bytes", offset: 0, padId: 256 }).encode(text, 2048, "right");
  const random = seededRandom(2);
  const strong = /import|export|function|string/g;
  const marked = new Uint8Array(text.length);
  for (const match of text.matchAll(strong)) marked.fill(1, match.index, match.index + match[0].length);
  const values = Float32Array.from(tokens, ({ start, special }) =>
    special === "pad" ? 0 : (random() - 0.5) * 0.02 + (marked[start] === 1 ? 0.03 : 0),
  );
  return {
    ...pairAttribution("bytes", [], 1),
    text,
    fields: [{ name: null, start: 0, end: text.length }],
    tokens: [...tokens],
    values,
    gradient: values,
    cellErrors: values.map(() => 0.002),
    blank: { id: 256, text: "[PAD]", kind: "pad" },
  };
}

function adding(attributions: TextAttribution[], base: Explanation): Explanation {
  const sum = attributions.reduce((total, { values }) => values.reduce((a, b) => a + b, total), 0);
  return {
    ...base,
    attributions,
    deltaF: sum,
    sum: sum + 0.002,
    gradientSum: sum * 0.8,
    score: { input: sum - 0.15, baseline: -0.15 },
    mapSize: 8,
    warnings: [],
  };
}

function positionsOf(explanation: Explanation, ...names: string[]): number[] {
  const [text] = explanation.attributions;
  return text?.kind === "text"
    ? text.tokens.flatMap((token, position) => (names.includes(token.text) ? [position] : []))
    : [];
}

/** Four edits: one as promised, one not, one that failed, one on its way. */
function whatIfOf(explanation: Explanation, original: number): WhatIfState {
  const edits: readonly (readonly [WhatIfEdit[number]["kind"], string, number | null | string])[] = [
    ["blank", "please", original - 3.19],
    ["delete", "Who", original - 4.76],
    ["replace", "study", original - 0.06],
    ["delete", "was", "The text has no tokens."],
    ["blank", "before", null],
  ];
  return {
    runId: explanation.runId,
    original: { score: original, target: explanation.predictions[0] ?? null },
    items: edits.map(([kind, name, score], index) => {
      const tokens = positionsOf(explanation, name);
      const input = explanation.attributions[0]?.input ?? "";
      const change = kind === "replace" ? { kind, input, tokens, text: "paint" } : { kind, input, tokens };
      const result: WhatIfResult | null =
        score === null
          ? null
          : typeof score === "string"
            ? { kind: "failed", code: "sample-empty", message: score, whatToDo: "Leave a word." }
            : {
                kind: "measured",
                score,
                target: { index: 0, label: "human", score: [0.997, 0.657, 0.9999][index] ?? 0, logit: score },
                predictions: [
                  { index: 0, label: "human", score: [0.997, 0.657, 0.9999][index] ?? 0, logit: score },
                  { index: 1, label: "number", score: 0.001, logit: 0.3 },
                ],
                removed: [{ input, tokens }],
                texts: [{ input, name: null, text: `Who was the first American woman in space, … (${name})` }],
                notes: index === 2 ? ["Not in the vocabulary: paint."] : [],
                samples: [{ sample: { kind: "text", text: "…" } }],
              };
      return { id: `edit-${index}`, edit: [change], result };
    }),
    busy: true,
    error: null,
  };
}

interface Parts {
  textExplanation(): Explanation;
  show(explanation: Explanation): readonly HostToPanel[];
}

export function textScenes({ textExplanation, show }: Parts): Readonly<Record<string, () => readonly HostToPanel[]>> {
  const whatIf = (explanation: Explanation, state: WhatIfState): readonly HostToPanel[] => [
    ...show(explanation),
    { type: "whatIf", whatIf: state },
  ];
  const pair = [
    { name: "premise", text: "A man is playing a guitar on stage." },
    { name: "hypothesis", text: "Nobody makes music." },
  ];
  return {
    textWhatIf: () => {
      const explanation = textExplanation();
      return whatIf(explanation, whatIfOf(explanation, explanation.score.input));
    },
    textWhatIfReady: () => {
      const explanation = textExplanation();
      const state = whatIfOf(explanation, explanation.score.input);
      return whatIf(explanation, { ...state, items: state.items.slice(0, 3), busy: false });
    },
    textWhatIfLost: () => {
      const explanation = textExplanation();
      const state = whatIfOf(explanation, explanation.score.input);
      const error = {
        title: "The evaluations of this explanation are no longer kept.",
        whatToDo: "Run it again.",
        code: "run-unknown",
      };
      return whatIf(explanation, { ...state, original: null, items: state.items.slice(4), busy: false, error });
    },
    textPair: () => {
      const explanation = adding([pairAttribution("input_ids", pair, 3)], textExplanation());
      return whatIf(explanation, { ...whatIfOf(explanation, 1), items: [], busy: false });
    },
    textPairCut: () => {
      const whole = pairAttribution("input_ids", pair, 3);
      const at = whole.text.indexOf(" on stage");
      const seen = whole.tokens.flatMap((token, position) =>
        token.start >= at && token.end <= (whole.fields[0]?.end ?? 0) && token.special === "none" ? [] : [position],
      );
      const attribution: TextAttribution = {
        ...whole,
        fields: whole.fields.map((field, index) => (index === 0 ? { ...field, truncatedFrom: at } : field)),
        tokens: seen.flatMap((position) => whole.tokens[position] ?? []),
        values: Float32Array.from(seen, (position) => whole.values[position] ?? 0),
        gradient: null,
        cellErrors: null,
      };
      return show(adding([attribution], textExplanation()));
    },
    textTowers: () =>
      show(
        adding(
          [
            pairAttribution("ids_a", [{ name: "sentence", text: "A man is playing a guitar." }], 3),
            pairAttribution("ids_b", [{ name: "sentence", text: "Someone makes music on an instrument." }], 4),
          ],
          textExplanation(),
        ),
      ),
    textSentences: () =>
      show(adding([pairAttribution("input_ids", [{ name: "review", text: review }], 8)], textExplanation())),
    textArabic: () =>
      show(adding([pairAttribution("input_ids", [{ name: "review", text: arabic }], 5)], textExplanation())),
    textBytes: () => {
      const explanation = adding([bytesAttribution()], textExplanation());
      return whatIf(explanation, { ...whatIfOf(explanation, 1), items: [], busy: false });
    },
    textWindows: () => {
      const whole = pairAttribution("input_ids", [{ name: "review", text: review }], 8);
      const count = whole.tokens.length - 2;
      const windows: TextAttribution["windows"] = {
        length: 42,
        overlap: 10,
        ranges: windowRanges(count, 40, 10).map(({ from, to }, at) => {
          return { from: from + 1, to: to + 1, score: 0.97 - 0.2 * at, logit: 3.2 - at };
        }),
      };
      const explanation = adding([{ ...whole, windows }], textExplanation());
      const message = `The text is longer than the model takes: it was read in ${windowsText(windows)}. The score is the mean over them.`;
      return show({ ...explanation, warnings: [{ code: "windows", message }] });
    },
    textLong: () =>
      show(adding([pairAttribution("input_ids", [{ name: "review", text: review.repeat(14) }], 8)], textExplanation())),
  };
}
