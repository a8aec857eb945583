import { getNodeValue, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { PathlightError } from "../../common/errors.ts";

/** Tokens and their ids. */
export interface Vocabulary {
  readonly file: string;
  readonly ids: ReadonlyMap<string, number>;
  readonly tokens: ReadonlyMap<number, string>;
  /** Largest id in use. */
  readonly largestId: number;
}

/**
 * Parses a vocabulary: JSON (`{"token": id}`, `["token", …]` or `{"id": "token"}`), else one token a line whose number,
 * from 0, is the id. An empty line is the empty token, as Keras writes padding; the newline at the end is none.
 * Throws `tokenizer-invalid`.
 */
export function parseVocabulary(text: string, file: string): Vocabulary {
  const clean = text.replace(/^\uFEFF/, "");
  const entries =
    /^\s*[{[]/.test(clean) && file.toLowerCase().endsWith(".json") ? jsonEntries(clean, file) : lines(clean);
  const ids = new Map<string, number>();
  const tokens = new Map<number, string>();
  for (const [token, id] of entries) {
    const before = ids.get(token);
    const other = tokens.get(id);
    if (before !== undefined && before !== id)
      throw twice(file, `the token ${quoted(token)}`, `ids ${before} and ${id}`);
    if (other !== undefined && other !== token)
      throw twice(file, `the id ${id}`, `${quoted(other)} and ${quoted(token)}`);
    ids.set(token, id);
    tokens.set(id, token);
  }
  if (ids.size === 0) throw invalid(file, "The vocabulary is empty.", "at least one token", "none");
  let largestId = 0;
  for (const id of tokens.keys()) largestId = Math.max(largestId, id);
  return { file, ids, tokens, largestId };
}

function lines(text: string): [string, number][] {
  const all = text.split(/\r?\n/);
  if (all.at(-1) === "") all.pop();
  return all.map((token, id) => [token, id]);
}

function jsonEntries(text: string, file: string): [string, number][] {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors);
  const error = errors[0];
  if (error !== undefined || root === undefined) {
    const line = text.slice(0, error?.offset ?? 0).split("\n").length;
    const reason = error === undefined ? "nothing" : printParseErrorCode(error.error);
    throw invalid(file, "The vocabulary is not valid JSON.", "JSON", `${reason} in line ${line}`);
  }
  const value: unknown = getNodeValue(root);
  if (Array.isArray(value)) {
    return value.map((token: unknown, id): [string, number] => {
      if (typeof token === "string") return [token, id];
      throw invalid(
        file,
        "The vocabulary does not hold tokens.",
        "a list of texts",
        `${JSON.stringify(token)} at ${id}`,
      );
    });
  }
  return Object.entries(value ?? {}).map(([key, entry]: [string, unknown]): [string, number] => {
    if (typeof entry === "number" && Number.isInteger(entry) && entry >= 0) return [key, entry];
    if (typeof entry === "string" && /^\d+$/.test(key)) return [entry, Number(key)];
    throw invalid(
      file,
      "The vocabulary does not map tokens to ids.",
      'entries like "token": 12',
      `${quoted(key)}: ${JSON.stringify(entry)}`,
    );
  });
}

function twice(file: string, what: string, found: string): PathlightError {
  return invalid(file, `The vocabulary has ${what} twice.`, "each token and each id once", found);
}

function quoted(token: string): string {
  return JSON.stringify(token);
}

function invalid(file: string, message: string, expected: string, found: string): PathlightError {
  return new PathlightError("tokenizer-invalid", message, {
    file,
    expected,
    found,
    whatToDo: "Use the vocabulary that the model was trained with.",
  });
}
