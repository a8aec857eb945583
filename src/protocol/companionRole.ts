/** What an input beside the token ids of a transformer says of each position. */
export type CompanionRole = "mask" | "types" | "positions";

const roles: readonly (readonly [CompanionRole, RegExp])[] = [
  ["mask", /^(attention|input|padding)_?mask$/],
  ["types", /^(token_?type|segment)_?ids?$/],
  ["positions", /^position_?ids?$/],
];

/**
 * The role of an input by the names that exporters give (`attention_mask`, `segment_ids:0`, `attention_mask_b`); null: none
 * of them.
 */
export function companionRole(input: string): CompanionRole | null {
  const { stem } = parts(input);
  return roles.find(([, pattern]) => pattern.test(stem))?.[0] ?? null;
}

/**
 * Which of several inputs of token ids an input beside them is about: the one whose name ends alike (`input_ids_b` and
 * `attention_mask_b`), of several of those the one that is called `input_ids`. Null: that cannot be told.
 */
export function companionOf(input: string, texts: readonly string[]): string | null {
  if (texts.length === 1) return texts[0] ?? null;
  const { end } = parts(input);
  const alike = texts.filter((text) => parts(text).end === end);
  const plain = alike.filter((text) => /^input_?ids$/.test(parts(text).stem));
  const [found, ...others] = alike.length > 1 ? plain : alike;
  return others.length === 0 ? (found ?? null) : null;
}

/** A name without its number or letter, and that. */
function parts(input: string): { readonly stem: string; readonly end: string } {
  const name = input.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
  const end = /_([0-9]+|[a-z])$/.exec(name)?.[1] ?? "";
  return { stem: end === "" ? name : name.slice(0, -end.length - 1), end };
}
