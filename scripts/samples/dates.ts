import type { Chance } from "./chance.ts";
import type { DateFormat } from "./dateFormats.ts";
import { type CalendarDate, isoDate, writeDate } from "./dateWords.ts";

/** A date as a person writes it, and as ISO 8601 does. */
export interface DatePair {
  readonly text: string;
  readonly iso: string;
  readonly format: DateFormat;
}

/** The years that two digits stand for: '30 is 1930, '29 is 2029. */
const SHORT_YEARS = { first: 1930, last: 2029 };
const YEARS = { first: 1900, last: 2099 };

/** A pair in one of the formats. Days of a month are even, so that the 31st is as frequent as months have one. */
export function drawPair(formats: readonly DateFormat[], chance: Chance): DatePair {
  const format = chance.pick(formats);
  const date = drawDate(format.text.includes("{yy}") ? SHORT_YEARS : YEARS, chance);
  return { text: writeDate(date, format), iso: isoDate(date), format };
}

function drawDate({ first, last }: typeof YEARS, chance: Chance): CalendarDate {
  const [year, month] = [chance.integer(first, last), chance.integer(1, 12)];
  return { year, month, day: chance.integer(1, new Date(Date.UTC(year, month, 0)).getUTCDate()) };
}
