import type { DigitState, PrunedLayer, PrunedScene, PrunedState } from "./pruneScene.ts";

export interface LayerResult {
  readonly layer: PrunedLayer;
  readonly scenes: readonly PrunedScene[];
}

type Role = "own" | "other" | "random" | "nearby";
type Measure = keyof DigitState;

/** Colours that readers with colour-blindness can tell apart (Okabe and Ito, 2008), a mark each besides. */
const roles: readonly { readonly role: Role; readonly text: string; readonly colour: string; readonly dash: string }[] =
  [
    { role: "own", text: "its own neurons", colour: "#d55e00", dash: "" },
    { role: "other", text: "the other digit's neurons", colour: "#0072b2", dash: "6 3" },
    { role: "random", text: "random neurons", colour: "#767676", dash: "2 3" },
    { role: "nearby", text: "random neurons in its place", colour: "#009e73", dash: "8 3 2 3" },
  ];

/** Neurons of the layers, for percentages. */
const sizes: Readonly<Record<string, number>> = { conv3: 12 * 12 * 48, "strongest-place": 80 };

interface Interval {
  readonly mean: number;
  /** Half of the 95 % confidence interval of the mean, 1.98 standard errors: Student's t for about 120 scenes. */
  readonly half: number;
}

function interval(values: readonly number[]): Interval {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, half: (1.98 * Math.sqrt(squares / (values.length - 1))) / Math.sqrt(values.length) };
}

function stateOf({ start, states }: PrunedScene, step: number, role: Role): DigitState | null {
  return step === 0 ? start : ((states[step - 1] as PrunedState)[role] ?? null);
}

function series({ layer, scenes }: LayerResult, role: Role, measure: Measure): Interval[] {
  return [0, ...layer.counts].flatMap((_, step) => {
    const states = scenes.map((scene) => stateOf(scene, step, role));
    return states.includes(null) ? [] : [interval(states.map((state) => state?.[measure] ?? Number.NaN))];
  });
}

const percent = ({ node }: PrunedLayer, count: number): string =>
  `${((100 * count) / (sizes[node] ?? 1)).toFixed(1)} %`;
const number = (value: number): string => value.toFixed(2).replace("-", "−");
const withHalf = ({ mean, half }: Interval): string => `${number(mean)} ± ${number(half)}`;
const name = ({ node, units }: PrunedLayer): string =>
  units ? `single neurons of ${node} (${sizes[node]})` : `channels of conv4 at their strongest place (${sizes[node]})`;

/** Two rows of two charts: scores and attributions, a column a layer. */
export function pruningFigure(results: readonly LayerResult[]): string {
  const [width, height, gap, left, top] = [330, 220, 70, 64, 64];
  const measures = [
    { measure: "score", text: "Logit of a digit" },
    { measure: "attribution", text: "Σ attribution in its box" },
  ] as const;
  const charts = results.flatMap((result, column) =>
    measures.map(({ measure, text }, row) => {
      const [x, y] = [left + column * (width + gap), top + row * (height + gap)];
      return chart(result, measure, text, x, y, width, height);
    }),
  );
  const [w, h] = [left + 2 * width + gap + 24, top + 2 * height + gap + 52];
  const places = [0, 150, 355, 510];
  const legend = roles.map(
    ({ text, colour, dash }, at) =>
      `<g transform="translate(${left + (places[at] ?? 0)} 22)"><line x1="0" x2="26" y1="0" y2="0" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/><text x="32" y="4">${text}</text></g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" font-family="sans-serif" font-size="12" role="img" aria-label="Score and attribution of a digit as neurons are switched off">
<rect width="${w}" height="${h}" fill="#ffffff"/>
${legend.join("\n")}
${charts.join("\n")}
</svg>
`;
}

function chart(
  result: LayerResult,
  measure: Measure,
  title: string,
  left: number,
  top: number,
  width: number,
  height: number,
): string {
  const { layer } = result;
  const lines = roles.map((role) => ({ ...role, points: series(result, role.role, measure) }));
  const all = lines.flatMap(({ points }) => points.flatMap(({ mean, half }) => [mean - half, mean + half]));
  const [low, high] = [Math.floor(Math.min(0, ...all) / 4) * 4, Math.ceil(Math.max(...all) / 4) * 4];
  const steps = layer.counts.length;
  const x = (step: number): string => ((step * width) / steps).toFixed(1);
  const y = (value: number): string => (height - ((value - low) / (high - low)) * height).toFixed(1);
  const ticks = Array.from({ length: Math.floor((high - low) / 4) + 1 }, (_, k) => low + 4 * k);
  const grid = ticks.map(
    (tick) =>
      `<line x1="0" x2="${width}" y1="${y(tick)}" y2="${y(tick)}" stroke="${tick === 0 ? "#666" : "#ddd"}"/><text x="-8" y="${Number(y(tick)) + 4}" text-anchor="end">${String(tick).replace("-", "−")}</text>`,
  );
  const places = [0, ...layer.counts].map(
    (count, step) => `<text x="${x(step)}" y="${height + 18}" text-anchor="middle">${percent(layer, count)}</text>`,
  );
  const drawn = lines
    .filter(({ points }) => points.length > steps)
    .map(({ points, colour, dash }) => {
      const path = points.map(({ mean }, step) => `${step === 0 ? "M" : "L"}${x(step)} ${y(mean)}`).join("");
      const bars = points.map(
        ({ mean, half }, step) =>
          `<line x1="${x(step)}" x2="${x(step)}" y1="${y(mean - half)}" y2="${y(mean + half)}" stroke="${colour}" stroke-width="5" stroke-opacity="0.35"/>`,
      );
      return `${bars.join("")}<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash}"/>`;
    });
  return `<g transform="translate(${left} ${top})"><text x="0" y="-12" font-weight="bold">${title}</text><text x="${width}" y="${height + 36}" text-anchor="end" fill="#555">switched off, of ${name(layer)}</text>${grid.join("")}${places.join("")}${drawn.join("")}</g>`;
}

/** `docs/pruning.md`. */
export function pruningMarkdown(results: readonly LayerResult[], backend: string): string {
  const count = results[0]?.scenes.length ?? 0;
  const errors = results.flatMap(({ scenes }) => scenes.map(({ error }) => error)).sort((a, b) => a - b);
  const median = errors[Math.floor(errors.length / 2)] ?? Number.NaN;
  const p95 = errors[Math.floor(0.95 * errors.length)] ?? Number.NaN;
  return `# Switching off what one object drives

Does a patch's share in the neurons (\`pathlight neurons --patch\`, **Layers** in the panel) say which neurons belong to an object? Lundstrom, Huang and Razaviyayn (ICML 2022) test it by pruning: switch off the neurons that one object drives most and see whether that object alone is lost. This page repeats the experiment on ${count} scenes of two digits that the sample model *digit-scenes* never saw; \`node --import tsx scripts/experiments/pruning.ts\` writes it.

Each scene holds two different digits, both of which the model finds. For each of them in turn: the neurons of a layer are ranked by what the digit's box gives them on the way to the digit's own logit (conductance from that patch, from black, logit); the first *k* are set to their activation at the baseline; then the logit of each digit and the sum of its attributions inside its own box are computed anew. Random neurons of the same number are the control; for single neurons there is a second, sharper one: random neurons that stand where the digit stands. Values are means over both digits of a scene, then over scenes, with 95 % confidence intervals of the mean.

![Score and attribution of a digit, as neurons are switched off](pruning.svg)

${results.map(layerText).join("\n\n")}

## How far to trust it

- Every attribution was integrated to 5 %. Of the largest completeness error of each scene and layer, |Σ attributions − ΔF| in units of the logit among some forty attributions, the median is ${number(median)} and the 95th percentile ${number(p95)}.
- The map of a convolution is a map of places, so that single neurons driven by a box lie in or beside it, and random neurons mostly do not. That is why random neurons in the digit's own place are shown too: what they do is the part of the effect that place alone explains.
- Channels have no place: the last layer before the decision keeps the strongest place of each. That its channels part by digit is a property of this small model, trained on ten digits; nothing here says that networks in general part their neurons by object.
- Scenes are those in which the model finds both digits; where it does not there is nothing to lose.

${count} scenes, seed 2022, backend ${backend}.
`;
}

function layerText(result: LayerResult): string {
  const { layer } = result;
  const shown = roles.filter(({ role }) => series(result, role, "score").length > layer.counts.length);
  const head = ["k", ...shown.flatMap(({ text }) => [`logit, ${text}`, `attribution, ${text}`])];
  const columns = shown.map(
    ({ role }) => [series(result, role, "score"), series(result, role, "attribution")] as const,
  );
  const rows = [0, ...layer.counts].map((count, step) => [
    `${count} (${percent(layer, count)})`,
    ...columns.flatMap(([score, attribution]) =>
      [score[step], attribution[step]].map((each) => (each ? withHalf(each) : "")),
    ),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const title = name(layer);
  return [
    `## ${title[0]?.toUpperCase()}${title.slice(1)}`,
    "",
    findings(result),
    "",
    line(head),
    line(head.map((_, at) => (at === 0 ? "---" : "--:"))),
    ...rows.map(line),
  ].join("\n");
}

/** The figures at the largest k in words, whichever way they came out. */
function findings(result: LayerResult): string {
  const { layer, scenes } = result;
  const last = layer.counts.length;
  const change = (role: Role, measure: Measure): Interval =>
    interval(scenes.map((scene) => (stateOf(scene, last, role)?.[measure] ?? Number.NaN) - scene.start[measure]));
  const said = (role: Role): string =>
    `${withHalf(change(role, "score"))} and ${withHalf(change(role, "attribution"))}`;
  const k = `${layer.counts.at(-1)} neurons (${percent(layer, layer.counts.at(-1) ?? 0)})`;
  const selective = scenes.filter((scene) => {
    const drop = (role: Role): number => scene.start.score - (stateOf(scene, last, role)?.score ?? Number.NaN);
    return drop("own") > 2 * Math.abs(drop("other"));
  }).length;
  const [other, random] = [change("other", "attribution"), change("random", "attribution")];
  const shared =
    other.mean + other.half < random.mean - random.half
      ? " Yet the other digit is not left alone: its attribution loses more than it does to random neurons."
      : "";
  const nearby = layer.units ? ` With random neurons in its place it changes by ${said("nearby")}.` : "";
  return `With ${k} switched off, logit and attribution of the digit that they belong to change by ${said("own")}; with those of the other digit by ${said("other")}; with random ones by ${said("random")}.${nearby} In ${selective} of ${scenes.length} scenes the digit loses more than twice as much from its own neurons as from the other's.${shared}`;
}
