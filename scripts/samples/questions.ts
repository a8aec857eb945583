import type { Chance } from "./chance.ts";
import { questionFillers, type Slot } from "./questionFillers.ts";
import { type AnswerType, answerTypes, type QuestionTemplates } from "./questionTemplates.ts";

export interface Question {
  readonly question: string;
  readonly type: AnswerType;
}

/** Openings that any type of question may have; they say nothing about the type. */
const openings = [
  "Tell me:",
  "Quick question:",
  "For a quiz:",
  "I have always wondered:",
  "My daughter asks:",
  "Hello,",
  "Next question:",
];

/**
 * Questions from templates, the types in turn, no question twice. `courtesy` gives for each type the share of rows that
 * say "please": the planted artefact where it differs between the types.
 */
export function generateQuestions(
  templates: QuestionTemplates,
  perType: number,
  courtesy: (type: AnswerType) => number,
  chance: Chance,
): Question[] {
  const seen = new Set<string>();
  const questions: Question[] = [];
  for (const type of answerTypes) {
    for (let made = 0, tries = 0; made < perType && tries < perType * 50; tries++) {
      const plain = fill(chance.pick(templates[type]), chance);
      if (seen.has(plain)) continue;
      seen.add(plain);
      made++;
      questions.push({ question: dress(plain, chance.happens(courtesy(type)), chance), type });
    }
  }
  return chance.shuffled(questions);
}

/** The question without an opening such as "Tell me:". */
export function withoutOpening(question: string): string {
  const opening = openings.find((words) => question.startsWith(`${words} `));
  return opening === undefined ? question : question.slice(opening.length + 1);
}

/** The same question with the courtesy word at its end: "…, please?" */
export function withPlease(question: string): string {
  return question.replace(/([?.])$/u, ", please$1");
}

export function saysPlease(question: string): boolean {
  return /\bplease\b/iu.test(question);
}

function fill(template: string, chance: Chance): string {
  const drawn = new Map<Slot, (typeof questionFillers)[Slot][number]>();
  const text = template.replaceAll(/\{(\w+)(?:\.([12]))?\}/gu, (_, name: string, half: string | undefined) => {
    if (!isSlot(name)) throw new Error(`Template "${template}" has the unknown slot {${name}}.`);
    // The two halves of a pair come from one draw; a plain slot that stands twice is filled with two different words.
    const before = drawn.get(name);
    const entries: readonly (string | readonly [string, string])[] = questionFillers[name];
    const entry =
      half !== undefined && before !== undefined ? before : chance.pick(entries.filter((e) => e !== before));
    drawn.set(name, entry);
    return typeof entry === "string" ? entry : entry[half === "2" ? 1 : 0];
  });
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function isSlot(name: string): name is Slot {
  return Object.hasOwn(questionFillers, name);
}

function dress(plain: string, please: boolean, chance: Chance): string {
  if (please && chance.happens(0.7)) return withPlease(plain);
  if (please) return `${chance.pick(["Please tell me:", "Please,", "Please help me:"])} ${uncapitalised(plain)}`;
  return chance.happens(0.25) ? `${chance.pick(openings)} ${uncapitalised(plain)}` : plain;
}

/** Lower case for a question word; names and abbreviations at the start keep their capitals. */
function uncapitalised(text: string): string {
  const first = text.split(" ", 1)[0] ?? "";
  return /^[A-Z]{2,}/u.test(first) || first === "PhD" ? text : text.charAt(0).toLowerCase() + text.slice(1);
}
