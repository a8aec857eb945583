import type { Explanation, TextAttribution, Token } from "../../../../src/protocol/explanation.ts";
import type { TokenMatrix } from "../../../../src/protocol/tokenMatrix.ts";

/** Two sentences for the panel, and made-up figures of what their tokens say to each other. */

const sentences = ["A man is eating food .", "Someone eats a piece of bread ."] as const;

function tokensOf(text: string): Token[] {
  let at = 0;
  return text.split(" ").map((word, index) => {
    const start = text.indexOf(word, at);
    at = start + word.length;
    return { text: word, id: 100 + index, start, end: at, special: "none", word: index };
  });
}

function attributionOf(side: number): TextAttribution {
  const text = sentences[side] ?? "";
  const tokens = tokensOf(text);
  const values = Float32Array.from(tokens, (_, k) => 0.12 * Math.sin(1.7 * k + side) + 0.03);
  return {
    kind: "text",
    input: `${side === 0 ? "a" : "b"}/input_ids`,
    shape: [tokens.length],
    text,
    truncatedFrom: null,
    gap: null,
    fields: [],
    tokens,
    values,
    gradient: null,
    cellErrors: values.map((value) => 0.001 + 0.01 * Math.abs(value)),
  };
}

export function similarityOf(explanation: Explanation): Explanation {
  const text = "cosine(mean(a), mean(b))";
  return {
    ...explanation,
    runId: "run-pairs",
    predictions: [],
    target: { index: null, label: text, output: "a/last_hidden_state", link: "logit", expression: text },
    attributions: [attributionOf(0), attributionOf(1)],
  };
}

export function pairsMatrix(): TokenMatrix {
  const [rows, columns] = sentences.map(tokensOf);
  if (rows === undefined || columns === undefined) throw new Error("two sentences");
  const answers: Readonly<Record<string, string>> = { man: "Someone", eating: "eats", food: "bread", A: "a" };
  const values = Float32Array.from(
    rows.flatMap(({ text }, i) =>
      columns.map((column, j) => (answers[text] === column.text ? 0.14 : 0.02 * Math.sin(3 * i + 2 * j))),
    ),
  );
  const sum = values.reduce((total, value) => total + value, 0);
  return {
    kind: "pairs",
    axes: { rows: "token of a/input_ids", columns: "token of b/input_ids", value: "interaction" },
    rowText: sentences[0],
    columnText: sentences[1],
    rows,
    columns,
    parts: [],
    values,
    cellErrors: values.map((value) => 0.001 + 0.02 * Math.abs(value)),
    rowFigures: rows.map(() => null),
    reads: [],
    total: {
      score: 0.71,
      deltaF: sum + 0.002,
      sum,
      completenessError: { absolute: 0.002, relative: 0.002 / (sum + 0.002) },
      featureError: 0.03,
      status: "converged",
      evaluations: 34,
    },
    alone: {
      rows: Float32Array.from(rows, () => -0.004),
      columns: Float32Array.from(columns, () => 0.011),
      deltaF: sum + 0.002 - 0.004 * rows.length + 0.011 * columns.length,
      componentError: 0.004,
      notes: [],
    },
  };
}
