import { createScanner } from "jsonc-parser";
import type { Span } from "./writtenText.ts";

/**
 * Where the values of a row of `.jsonl` stand in its text, by column as `rowFields` names them: the keys of an object, the
 * positions of a list, "text" for a text alone. Of a key that is given twice the last counts, as for `JSON.parse`. The
 * text is valid JSON. Without recursion, however deep a value is nested.
 */
export function jsonValuePlaces(text: string): ReadonlyMap<string, Span> {
  const scanner = createScanner(text, true);
  const places = new Map<string, Span>();
  /** First character of the next token; "" at the end. */
  const next = (): string => {
    scanner.scan();
    return text.charAt(scanner.getTokenOffset());
  };
  const end = (): number => scanner.getTokenOffset() + scanner.getTokenLength();
  const first = next();
  if (first === '"') return places.set("text", { start: scanner.getTokenOffset(), end: end() });
  const isList = first === "[";
  if (!isList && first !== "{") return places;
  let depth = 1;
  let index = 0;
  let key: string | null = isList ? "0" : null;
  let start = -1;
  let until = -1;
  for (let token = next(); token !== "" && depth > 0; token = next()) {
    if (token === "}" || token === "]") depth--;
    if (depth === 0 || (depth === 1 && token === ",")) {
      if (key !== null && start !== -1) places.set(key, { start, end: until });
      index++;
      key = isList ? String(index) : null;
      start = -1;
    } else if (depth === 1 && key === null) {
      if (token === '"') key = scanner.getTokenValue();
    } else if (depth > 1 || token !== ":") {
      if (start === -1) start = scanner.getTokenOffset();
      until = end();
    }
    if (token === "{" || token === "[") depth++;
  }
  return places;
}
