import { categories } from "./categories.ts";

/** The inside of a character class (flag `u`) that holds what Hugging Face's library counts to a category. */
export function categoryPattern(name: keyof typeof categories): string {
  return categories[name]
    .split(" ")
    .map((run) => {
      const [first = "", last] = run.split("-");
      return last === undefined ? `\\u{${first}}` : `\\u{${first}}-\\u{${last}}`;
    })
    .join("");
}
