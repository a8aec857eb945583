import type { ExplainService } from "../../src/compute/explainService.ts";
import { type ExplainRequest, settingsSchema } from "../../src/protocol/explain.ts";
import type { DatePair } from "./dates.ts";
import { monthNames } from "./dateWords.ts";

const MONTH_TENS = 5;
const MONTH_UNITS = 6;

/** Of one of the two digits of the month, over many dates. */
export interface DigitAlignment {
  /** Share of the positive attribution that lies on the month's name: half of the dates have more. */
  readonly medianShare: number;
  /** Share of the dates in which no other token has more than the name. */
  readonly nameStrongest: number;
  /** How much of the score's change comes with the source at all, logits. */
  readonly medianChange: number;
}

export interface DateAlignment {
  readonly dates: number;
  /** The first digit: 0 from January to September, which is what the model says of an empty source as well. */
  readonly tens: DigitAlignment;
  readonly tensFromOctober: DigitAlignment;
  readonly units: DigitAlignment;
  /** Both digits together, weighed by how much they weigh. */
  readonly bothMedianShare: number;
  /** |Σ − ΔF| over Σ|attribution|: half of the rows are off by less, and the worst one. */
  readonly medianOff: number;
  readonly worstOff: number;
}

/**
 * Whether the digits of the month come from the month's name: the check that the matrix of this model must pass. `pairs`:
 * dates that name their month in letters.
 */
export async function dateAlignment(
  service: ExplainService,
  model: ExplainRequest["model"],
  pairs: readonly DatePair[],
): Promise<DateAlignment> {
  const names = monthNames();
  const found: { tens: Row; units: Row }[] = [];
  for (const { text } of pairs) {
    const row = async (index: number): Promise<Row> => {
      const explanation = await service.explain({
        model,
        samples: [{ sample: { kind: "text", text } }],
        settings: settingsSchema.parse({
          baseline: { kind: "name", name: "pad" },
          tolerance: 0.05,
          target: { kind: "index", index },
        }),
      });
      const [attribution] = explanation.attributions;
      if (attribution?.kind !== "text") throw new Error("The date model reads a text.");
      const positive = attribution.values.map((value) => Math.max(0, value));
      const isName = attribution.tokens.map((token) => names.has(token.text.toLowerCase()));
      const onName = positive.reduce((sum, value, at) => sum + (isName[at] === true ? value : 0), 0);
      const strongest = positive.indexOf(Math.max(...positive));
      return {
        onName,
        positive: positive.reduce((sum, value) => sum + value, 0),
        nameStrongest: isName[strongest] === true,
        change: explanation.deltaF,
        off: explanation.completenessError.absolute / Math.max(explanation.mapSize, 1e-6),
      };
    };
    found.push({ tens: await row(MONTH_TENS), units: await row(MONTH_UNITS) });
  }
  const offs = found.flatMap(({ tens, units }) => [tens.off, units.off]);
  return {
    dates: found.length,
    tens: digit(found.map(({ tens }) => tens)),
    tensFromOctober: digit(found.filter((_, at) => pairs[at]?.iso[MONTH_TENS] === "1").map(({ tens }) => tens)),
    units: digit(found.map(({ units }) => units)),
    bothMedianShare: median(
      found.map(({ tens, units }) => (tens.onName + units.onName) / (tens.positive + units.positive)),
    ),
    medianOff: median(offs),
    worstOff: rounded(Math.max(...offs)),
  };
}

interface Row {
  readonly onName: number;
  readonly positive: number;
  readonly nameStrongest: boolean;
  readonly change: number;
  readonly off: number;
}

function digit(rows: readonly Row[]): DigitAlignment {
  return {
    medianShare: median(rows.map(({ onName, positive }) => onName / positive)),
    nameStrongest: rounded(rows.filter(({ nameStrongest }) => nameStrongest).length / rows.length),
    medianChange: median(rows.map(({ change }) => change)),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return rounded(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
