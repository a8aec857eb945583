import { resolve } from "node:path";
import type { Token } from "../../protocol/explanation.ts";
import type { TokenizerSpec } from "../../protocol/manifest.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A text that a model wrote, with the place of each token in it. */
export interface ProducedText {
  readonly text: string;
  readonly tokens: Token[];
}

/** Token ids to the text that they stand for. */
export type TextProducer = (ids: readonly number[]) => ProducedText;

/**
 * Puts the tokens of a tokenizer together again: words with a space between them, characters and bytes as they are, and
 * the tokens of `tokenizer.json` as its own decoder says. `silent`: ids that are no part of the text, beside padding.
 * Throws `tokenizer-invalid`.
 */
export async function createTextProducer(
  spec: TokenizerSpec,
  baseFolder: string,
  tokenizer: Tokenizer,
  silent: ReadonlySet<number>,
): Promise<TextProducer> {
  const join = await joinerOf(spec, baseFolder, tokenizer);
  const isSilent = (id: number): boolean => silent.has(id) || id === tokenizer.padId;
  return (ids) => {
    const heard = (count: number): number[] => ids.slice(0, count).filter((id) => !isSilent(id));
    const text = join(heard(ids.length));
    let reached = 0;
    let word = -1;
    const tokens = ids.map((id, at): Token => {
      const known = tokenizer.idToToken(id);
      const shown = known?.text ?? `#${id}`;
      if (isSilent(id)) {
        const special = known?.special === "pad" ? "pad" : "other";
        return { text: shown, id, start: reached, end: reached, special, word: -1 };
      }
      const end = Math.max(reached, commonLength(join(heard(at + 1)), text));
      const blank = text.slice(reached, end).length - text.slice(reached, end).trimStart().length;
      const start = reached + blank;
      if (word < 0 || blank > 0) word++;
      reached = end;
      return { text: text.slice(start, end) || shown, id, start, end, special: known?.special ?? "none", word };
    });
    return { text, tokens };
  };
}

async function joinerOf(
  spec: TokenizerSpec,
  baseFolder: string,
  tokenizer: Tokenizer,
): Promise<(ids: readonly number[]) => string> {
  const textOf = (id: number): string => tokenizer.idToToken(id)?.text ?? `#${id}`;
  switch (spec.type) {
    case "words":
    case "word-index":
    case "text-vectorization":
      return (ids) => ids.map(textOf).join(" ");
    case "characters":
      return (ids) => ids.map(textOf).join("");
    case "bytes":
      // A character that is not complete yet shows as U+FFFD, and is no part of the text until it is.
      return (ids) => new TextDecoder().decode(Uint8Array.from(ids, (id) => id - spec.offset));
    case "huggingface": {
      const [{ readTokenizerFiles }, { libraryDecoder }] = await Promise.all([
        import("./huggingface/tokenizerFile.ts"),
        import("./huggingface/library.ts"),
      ]);
      return libraryDecoder(await readTokenizerFiles(resolve(baseFolder, spec.file)));
    }
  }
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
