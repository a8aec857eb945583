import type { TextAttribution } from "../../src/protocol/explanation.ts";
import { fieldsOf, hasSentences, isAdded, type TextUnit, type TokenGroup, tokenGroups } from "./tokenGroups.ts";

/** A mark with the attribution that it is of; `index` counts over the tokens of all attributions. */
export interface TextMark extends TokenGroup {
  readonly attribution: number;
}

/** One field of one text, under a heading of its own where there are several. */
export interface TextSection {
  /** Null where it is the only one. */
  readonly heading: string | null;
  readonly attribution: number;
  readonly marks: readonly TextMark[];
  /** Sum over the field's own tokens: padding and what the tokenizer adds is in none of the fields. */
  readonly total: number;
  readonly direction: "ltr" | "rtl";
  /** Index of the field in its text. */
  readonly field: number;
}

export interface TextSections {
  readonly sections: readonly TextSection[];
  /** Padding and what the tokenizer adds, in all texts together. */
  readonly added: { readonly count: number; readonly total: number };
  /** The unit that is shown: single sentences are no level of their own. */
  readonly unit: TextUnit;
  readonly units: readonly TextUnit[];
}

/** All texts of an explanation, field by field, as marks of one unit. */
export function textSections(texts: readonly TextAttribution[], wanted: TextUnit): TextSections {
  const units: readonly TextUnit[] = texts.some(hasSentences) ? ["sentence", "word", "token"] : ["word", "token"];
  const unit = units.includes(wanted) ? wanted : "word";
  const sections: TextSection[] = [];
  let offset = 0;
  let count = 0;
  let total = 0;
  const several = texts.length > 1 || texts.some((text) => fieldsOf(text).length > 1);
  for (const [attribution, text] of texts.entries()) {
    const marks = tokenGroups(text, unit).map(
      (group): TextMark => ({ ...group, index: group.index + offset, attribution }),
    );
    for (const mark of marks.filter(isAdded)) {
      count += mark.count;
      total += mark.value;
    }
    const fields = fieldsOf(text);
    for (const [field, { name, start, end }] of fields.entries()) {
      const own = marks.filter((mark) => mark.field === field);
      sections.push({
        heading: several ? headingOf(texts, attribution, name, field, fields.length) : null,
        attribution,
        marks: own,
        total: own.reduce((sum, mark) => (isAdded(mark) ? sum : sum + mark.value), 0),
        direction: isRightToLeft(text.text.slice(start, end)) ? "rtl" : "ltr",
        field,
      });
    }
    offset += text.tokens.length;
  }
  return { sections, added: { count, total }, unit, units };
}

/** The column where that tells the texts apart, else the input. */
function headingOf(
  texts: readonly TextAttribution[],
  attribution: number,
  name: string | null,
  field: number,
  fields: number,
): string {
  const input = inputName(texts, attribution);
  const names = texts.flatMap((text) => fieldsOf(text).map((other) => other.name));
  if (name !== null && names.indexOf(name) === names.lastIndexOf(name)) return name;
  const own = name ?? (fields > 1 ? `text ${field + 1}` : null);
  if (texts.length === 1) return own ?? input;
  return own === null ? input : `${input} · ${own}`;
}

/** An input whose ids have several embeddings has an attribution for each. */
function inputName(texts: readonly TextAttribution[], attribution: number): string {
  const name = texts[attribution]?.input ?? "";
  const same = texts.flatMap(({ input }, at) => (input === name ? [at] : []));
  return same.length < 2 ? name : `${name}, embedding ${same.indexOf(attribution) + 1}`;
}

const rightToLeft =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/** By its first letter, as a browser decides. */
function isRightToLeft(text: string): boolean {
  const letter = /\p{L}/u.exec(text)?.[0];
  return letter !== undefined && rightToLeft.test(letter);
}
