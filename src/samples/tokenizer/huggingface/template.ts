import * as z from "zod";
import { PathlightError } from "../../../common/errors.ts";

/** A place in what the model reads: a special token, or one of the texts. `type`: the token type of it. */
export type TemplatePart =
  | { readonly kind: "special"; readonly id: number; readonly type: number }
  | { readonly kind: "text"; readonly field: 0 | 1; readonly type: number };

export interface Templates {
  readonly single: readonly TemplatePart[];
  /** Null: the tokenizer does not say how two texts are read as one sequence. */
  readonly pair: readonly TemplatePart[] | null;
}

const place = z.union([
  z.object({ SpecialToken: z.looseObject({ id: z.string(), type_id: z.int().min(0) }) }),
  z.object({ Sequence: z.looseObject({ id: z.enum(["A", "B"]), type_id: z.int().min(0) }) }),
]);
const named = z.tuple([z.string(), z.int().min(0)]);
const simple = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("TemplateProcessing"),
    single: z.array(place),
    pair: z.array(place),
    special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(z.int().min(0)) })),
  }),
  z.looseObject({ type: z.literal("BertProcessing"), sep: named, cls: named }),
  z.looseObject({ type: z.literal("RobertaProcessing"), sep: named, cls: named }),
  z.looseObject({ type: z.literal("ByteLevel") }),
]);
const schema = z.union([simple, z.looseObject({ type: z.literal("Sequence"), processors: z.array(simple) })]).nullish();

/** Without a post-processor a text stands alone, and a pair is its two texts one after the other. */
const bare: Templates = {
  single: [{ kind: "text", field: 0, type: 0 }],
  pair: [
    { kind: "text", field: 0, type: 0 },
    { kind: "text", field: 1, type: 1 },
  ],
};

/** The special tokens around one text and around two, of `post_processor`. Throws `tokenizer-invalid`. */
export function templatesOf(postProcessor: unknown, file: string): Templates {
  const parsed = schema.safeParse(postProcessor);
  if (!parsed.success) throw unread(file, typeOf(postProcessor));
  const config = parsed.data;
  if (config === null || config === undefined) return bare;
  const steps = config.type === "Sequence" ? config.processors : [config];
  // ByteLevel moves the places of tokens only, which are ours.
  const [step, ...more] = steps.filter(({ type }) => type !== "ByteLevel");
  if (step === undefined || step.type === "ByteLevel") return bare;
  if (more.length > 0) throw unread(file, `${steps.map(({ type }) => type).join(" and ")} in one`);
  if (step.type === "TemplateProcessing") {
    const parts = (places: typeof step.single): TemplatePart[] =>
      places.flatMap((part): TemplatePart[] => {
        if ("Sequence" in part) {
          return [{ kind: "text", field: part.Sequence.id === "A" ? 0 : 1, type: part.Sequence.type_id }];
        }
        const { id: name, type_id: type } = part.SpecialToken;
        const { ids } = step.special_tokens[name] ?? {};
        if (ids === undefined) throw unread(file, `a template with ${JSON.stringify(name)}, which it does not explain`);
        return ids.map((id) => ({ kind: "special", id, type }));
      });
    const pair = parts(step.pair);
    const both = [0, 1].every(
      (field) => pair.filter((part) => part.kind === "text" && part.field === field).length === 1,
    );
    return { single: parts(step.single), pair: both ? pair : null };
  }
  const roberta = step.type === "RobertaProcessing";
  const cls: TemplatePart = { kind: "special", id: step.cls[1], type: 0 };
  const sep = (type: number): TemplatePart => ({ kind: "special", id: step.sep[1], type });
  const second = roberta ? 0 : 1;
  const single: TemplatePart[] = [cls, { kind: "text", field: 0, type: 0 }, sep(0)];
  const between = roberta ? [sep(0)] : [];
  return { single, pair: [...single, ...between, { kind: "text", field: 1, type: second }, sep(second)] };
}

function typeOf(value: unknown): string {
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : value;
  return `the post-processor ${JSON.stringify(type)}`;
}

function unread(file: string, found: string): PathlightError {
  return new PathlightError(
    "tokenizer-invalid",
    "The tokenizer puts tokens around a text in a way that is not known.",
    {
      file,
      expected: "TemplateProcessing, BertProcessing, RobertaProcessing or ByteLevel",
      found,
      whatToDo: "Save the token ids as .npy and explain those.",
    },
  );
}
