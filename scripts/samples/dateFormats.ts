/** How a date is written. Fields in braces: see `writeDate`; everything else stands as it is. */
export interface DateFormat {
  readonly language: "en" | "de" | "fr" | "es";
  readonly text: string;
}

const english = (...texts: string[]): DateFormat[] => texts.map((text) => ({ language: "en", text }));
const german = (...texts: string[]): DateFormat[] => texts.map((text) => ({ language: "de", text }));
const french = (...texts: string[]): DateFormat[] => texts.map((text) => ({ language: "fr", text }));
const spanish = (...texts: string[]): DateFormat[] => texts.map((text) => ({ language: "es", text }));

/** What the date model is trained on. Dots mean day.month.year, slashes month/day/year, as those who write so mean it. */
export const trainingFormats: readonly DateFormat[] = [
  ...english(
    "{d} {month} {yyyy}",
    "{d} {mon} {yyyy}",
    "{dd} {mon} {yyyy}",
    "{d} {month}, {yyyy}",
    "{d} {month} '{yy}",
    "{d} {mon} '{yy}",
    "{d}-{mon}-{yyyy}",
    "{dd}/{mon}/{yyyy}",
    "{ord} {month} {yyyy}",
    "{ord} of {month} {yyyy}",
    "the {ord} of {month}, {yyyy}",
    "the {ord} of {month} '{yy}",
    "{third} {month} {yyyy}",
    "the {third} of {month} {yyyy}",
    "the {third} of {month}, '{yy}",
    "{month} {d}, {yyyy}",
    "{month} {d} {yyyy}",
    "{mon} {d}, {yyyy}",
    "{mon}. {dd}, {yyyy}",
    "{month} {ord}, {yyyy}",
    "{month} {ord}, '{yy}",
    "{month} the {ord}, {yyyy}",
    "{month} {third}, {yyyy}",
    "{mon} {d} '{yy}",
    "{yyyy} {month} {d}",
    "{yyyy} {mon} {dd}",
    "{yyyy}, {month} {ord}",
    "{yyyy}, the {third} of {month}",
    "{yyyy}, {d} {month}",
    "{yyyy}-{mm}-{dd}",
    "{yyyy}/{mm}/{dd}",
    "{mm}/{dd}/{yyyy}",
    "{mm}/{dd}/{yy}",
    "{m}/{d}/{yyyy}",
    "{m}/{d}/{yy}",
    "{dd}.{mm}.{yyyy}",
    "{dd}.{mm}.{yy}",
    "{d}.{m}.{yyyy}",
    "{wd} {dd}.{mm}.{yyyy}",
    "{wd} {d} {month} {yyyy}",
    "{wd}, {mon} {d}, {yyyy}",
    "{wd}, {d} {mon} '{yy}",
    "{wd} {mm}/{dd}/{yyyy}",
    "{weekday} {d} {month} {yyyy}",
    "{weekday}, {d} {month} {yyyy}",
    "{weekday}, {month} {d}, {yyyy}",
    "{weekday}, {month} {ord}, {yyyy}",
    "{weekday} the {ord} of {month} {yyyy}",
    "{weekday}, the {third} of {month}, {yyyy}",
    "{weekday} {m}/{d}/{yy}",
    "on {d} {month} {yyyy}",
    "on {month} {d}, {yyyy}",
    "on {weekday}, {month} {d}, {yyyy}",
    "on the {third} of {month}, {yyyy}",
    "on {wd} {dd}.{mm}.{yyyy}",
    "date: {d} {month} {yyyy}",
    "date: {mm}/{dd}/{yyyy}",
    "date: {weekday}, {d} {mon} {yyyy}",
  ),
  ...german(
    "{d}. {month} {yyyy}",
    "{dd}. {mon} {yyyy}",
    "{d}. {month} '{yy}",
    "{weekday}, {d}. {month} {yyyy}",
    "{weekday}, den {d}. {month} {yyyy}",
    "am {d}. {month} {yyyy}",
    "am {weekday}, {dd}.{mm}.{yyyy}",
    "den {d}. {mon} {yyyy}",
  ),
  ...french(
    "{d} {month} {yyyy}",
    "le {d} {month} {yyyy}",
    "{weekday} {d} {month} {yyyy}",
    "le {dd}.{mm}.{yyyy}",
    "le {d} {month} '{yy}",
  ),
  ...spanish(
    "{d} de {month} de {yyyy}",
    "el {d} de {month} de {yyyy}",
    "{weekday}, {d} de {month} de {yyyy}",
    "{weekday} {d} {month} {yyyy}",
    "el {d} de {month} '{yy}",
  ),
];

/** Formats that training never shows, made of words that it does. */
export const heldOutFormats: readonly DateFormat[] = [
  ...english(
    "{month} the {third}, {yyyy}",
    "{weekday}, {ord} {month} '{yy}",
    "{wd} {dd}.{mm}.{yy}",
    "on the {ord} of {month} {yyyy}",
    "on {weekday} the {third} of {month} {yyyy}",
    "{wd}, {d}-{mon}-{yyyy}",
    "date: {month} {ord}, {yyyy}",
    "date: {dd}.{mm}.{yyyy}",
    "{yyyy}, {mon} the {ord}",
    "{dd} {month} {yyyy}",
    "{mon} {third}, '{yy}",
    "on {m}/{d}/{yyyy}",
  ),
  ...german("am {weekday}, den {d}. {month} {yyyy}", "{weekday}, {dd}. {mon} '{yy}"),
  ...french("le {weekday} {d} {month} {yyyy}"),
  ...spanish("el {weekday}, {d} de {month} de {yyyy}"),
];
