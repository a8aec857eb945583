/** What an input beside the token ids of a transformer says of each position. */
export type CompanionRole = "mask" | "types" | "positions";

const roles: readonly (readonly [CompanionRole, RegExp])[] = [
  ["mask", /^(attention|input|padding)_?mask$/],
  ["types", /^(token_?type|segment)_?ids?$/],
  ["positions", /^position_?ids?$/],
];

/** The role of an input by the names that exporters give (`attention_mask`, `segment_ids:0`); null: none of them. */
export function companionRole(input: string): CompanionRole | null {
  const name = input
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replace(/_[0-9]+$/, "");
  return roles.find(([, pattern]) => pattern.test(name))?.[0] ?? null;
}
