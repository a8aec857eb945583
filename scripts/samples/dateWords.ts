import type { DateFormat } from "./dateFormats.ts";

interface Words {
  /** January first. */
  readonly months: readonly string[];
  readonly shortMonths: readonly string[];
  /** Sunday first. */
  readonly weekdays: readonly string[];
}

const list = (text: string): string[] => text.split(" ");

const words: Readonly<Record<DateFormat["language"], Words>> = {
  en: {
    months: list("January February March April May June July August September October November December"),
    shortMonths: list("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    weekdays: list("Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
  },
  de: {
    months: list("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    shortMonths: list("Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez"),
    weekdays: list("Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"),
  },
  fr: {
    months: list("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    shortMonths: list("janv févr mars avr mai juin juil août sept oct nov déc"),
    weekdays: list("dimanche lundi mardi mercredi jeudi vendredi samedi"),
  },
  es: {
    months: list("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
    shortMonths: list("ene feb mar abr may jun jul ago sep oct nov dic"),
    weekdays: list("domingo lunes martes miércoles jueves viernes sábado"),
  },
};

const ordinals = [
  ...list("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"),
  ...list("fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third"),
  ...list("twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"),
];

/** A day of the Gregorian calendar; `month` from 1. */
export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The date in a format, for example `{weekday}, the {third} of {month}, {yyyy}`. Throws `RangeError` for an unknown field. */
export function writeDate({ year, month, day }: CalendarDate, { language, text }: DateFormat): string {
  const { months, shortMonths, weekdays } = words[language];
  const weekday = weekdays[new Date(Date.UTC(year, month - 1, day)).getUTCDay()];
  const fields: Readonly<Record<string, string | undefined>> = {
    d: String(day),
    dd: twoDigits(day),
    ord: `${day}${ordinalEnding(day)}`,
    third: ordinals[day - 1],
    m: String(month),
    mm: twoDigits(month),
    mon: shortMonths[month - 1],
    month: months[month - 1],
    yy: twoDigits(year % 100),
    yyyy: String(year),
    wd: weekday?.slice(0, 3),
    weekday,
  };
  return text.replace(/\{(\w+)\}/gu, (_, field: string) => {
    const value = fields[field];
    if (value === undefined) throw new RangeError(`A date has no field ${field}.`);
    return value;
  });
}

/** `1998-03-03`. */
export function isoDate({ year, month, day }: CalendarDate): string {
  return `${year}-${twoDigits(month)}-${twoDigits(day)}`;
}

/** Words that name a month in any of the languages, in lower case, with the number of the month. */
export function monthNames(): Map<string, number> {
  const names = new Map<string, number>();
  for (const { months, shortMonths } of Object.values(words)) {
    for (const [at, name] of [...months.entries(), ...shortMonths.entries()]) names.set(name.toLowerCase(), at + 1);
  }
  return names;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function ordinalEnding(day: number): string {
  if (day >= 11 && day <= 13) return "th";
  return { 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th";
}
