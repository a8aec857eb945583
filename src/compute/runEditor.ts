import { PathlightError, toPathlightError } from "../common/errors.ts";
import type { BlankedTokens, ExplainRequest } from "../protocol/explain.ts";
import type { TextAttribution, Token } from "../protocol/explanation.ts";
import type { WhatIfEdit } from "../protocol/whatIf.ts";
import type { Encoded } from "../samples/index.ts";
import { editedRequest, type InputFields, notEditable } from "./editedRequest.ts";
import { type EditedText, editedText } from "./editedText.ts";
import type { PreparedInput } from "./prepareInputs.ts";
import type { SampleReader } from "./sequence/sampleReader.ts";

const MOST_NAMED = 5;

/** An edit that can be measured: what is fed, and what is said of it. */
export interface EditAttempt {
  readonly inputs: readonly PreparedInput[];
  readonly request: ExplainRequest;
  readonly edited: ReadonlyMap<string, EditedText>;
  /** Whether the tokens may stand at other positions than before. */
  readonly isReread: boolean;
  readonly notes: readonly string[];
}

/** Turns edits of a run's texts into requests. */
export class RunEditor {
  readonly #request: ExplainRequest;
  readonly #texts: ReadonlyMap<string, TextAttribution>;
  readonly #original: readonly PreparedInput[];
  readonly #read: SampleReader;
  readonly #signal: AbortSignal | undefined;
  /** Tokens of the texts without the blanks of the run itself, once they have been asked for. */
  #plain: ReadonlyMap<string, readonly Token[]> | null | undefined;

  constructor(
    request: ExplainRequest,
    texts: ReadonlyMap<string, TextAttribution>,
    original: readonly PreparedInput[],
    read: SampleReader,
    signal: AbortSignal | undefined,
  ) {
    this.#request = request;
    this.#texts = texts;
    this.#original = original;
    this.#read = read;
    this.#signal = signal;
  }

  /** An error that is the edit's own is the result; a cancel is thrown. */
  async attempt(edit: WhatIfEdit): Promise<EditAttempt | PathlightError> {
    try {
      return await this.#attempt(edit);
    } catch (thrown) {
      const error = toPathlightError(thrown);
      if (error.code === "cancelled" || error.code === "internal") throw error;
      return error;
    }
  }

  async #attempt(edit: WhatIfEdit): Promise<EditAttempt> {
    const edited = new Map<string, EditedText>();
    // What is blank in the run itself stands for nothing in its text; in the text as it was, it has a place.
    const plain = this.#request.blanked === undefined ? null : await this.#plainTokens();
    for (const input of new Set(edit.map((change) => change.input))) {
      const own = this.#text(input);
      const text = { ...own, tokens: plain?.get(input) ?? own.tokens };
      const changes = edit.filter((change) => change.input === input);
      edited.set(input, editedText(text, changes, text.blank?.text ?? ""));
    }
    const isReread = [...edited.values()].some((text) => text.isReread);
    const request = isReread ? await this.#reread(edited) : this.#blanked(this.#request, edited);
    const inputs = await this.#read(request, this.#signal);
    return { inputs, request, edited, isReread, notes: isReread ? this.#notes(inputs, edited) : [] };
  }

  #text(input: string): TextAttribution {
    const text = this.#texts.get(input);
    if (text !== undefined) return text;
    throw new PathlightError("usage", `The run has no text for ${JSON.stringify(input)}.`, {
      expected: `one of ${[...this.#texts.keys()].join(", ")}`,
      found: JSON.stringify(input),
      whatToDo: "Explain the text again.",
    });
  }

  /** The run's request with more blanks. */
  #blanked(request: ExplainRequest, edited: ReadonlyMap<string, EditedText>): ExplainRequest {
    const known = new Map((request.blanked ?? []).map(({ input, tokens }) => [input, tokens]));
    for (const [input, { blanked }] of edited) {
      const before = known.get(input) ?? [];
      const added = blanked
        .filter((position) => !before.some((token) => token.position === position))
        .map((position) => ({ position, id: this.#text(input).tokens[position]?.id ?? 0 }));
      if (added.length > 0) known.set(input, [...before, ...added]);
    }
    return withBlanked(request, known);
  }

  /** The request with the edited characters; blanks keep their tokens, wherever these stand now. */
  async #reread(edited: ReadonlyMap<string, EditedText>): Promise<ExplainRequest> {
    const plain = await this.#plainTokens();
    if (plain === null) throw notEditable([...this.#texts.values()].some(({ gap }) => gap !== null));
    const request = await this.#withTexts(edited);
    const wanted = new Map<string, number[]>();
    for (const { input, tokens } of this.#request.blanked ?? [])
      wanted.set(
        input,
        tokens.map((token) => token.position),
      );
    for (const [input, { blanked }] of edited) {
      wanted.set(input, [...new Set([...(wanted.get(input) ?? []), ...blanked])]);
    }
    const blanked = new Map<string, BlankedTokens["tokens"]>();
    if ([...wanted.values()].every((positions) => positions.length === 0)) return request;
    const reread = await this.#read(request, this.#signal);
    for (const [input, positions] of wanted) {
      const places = placesOf(tokensOf(reread, input));
      const before = plain.get(input) ?? [];
      const keys = placeKeys(before, edited.get(input));
      const removed = new Set(edited.get(input)?.removed);
      const own = new Set(edited.get(input)?.blanked);
      for (const position of positions) {
        // What was blank in the run and is deleted now, is gone.
        if (removed.has(position) && !own.has(position)) continue;
        const at = places.get(keys[position] ?? "");
        if (at === undefined) throw readDifferently(before[position]);
        const id = before[position]?.id ?? 0;
        blanked.set(input, [...(blanked.get(input) ?? []), { position: at, id }]);
      }
    }
    return withBlanked(request, blanked);
  }

  #withTexts(edited: ReadonlyMap<string, EditedText>): Promise<ExplainRequest> {
    const inputs: InputFields[] = [...this.#texts].map(([input, text]) => ({
      input,
      fields: edited.get(input)?.fields ?? editedText(text, [], "").fields,
    }));
    return editedRequest(withBlanked(this.#request, new Map()), inputs);
  }

  /** The tokens of the texts, read as they are shown; null where that is not what the run has read. */
  async #plainTokens(): Promise<ReadonlyMap<string, readonly Token[]> | null> {
    if (this.#plain === undefined) this.#plain = await this.#readAsShown();
    return this.#plain;
  }

  async #readAsShown(): Promise<ReadonlyMap<string, readonly Token[]> | null> {
    if ([...this.#texts.values()].some(({ gap }) => gap !== null)) return null;
    let shown: readonly PreparedInput[];
    try {
      shown = await this.#read(await this.#withTexts(new Map()), this.#signal);
    } catch (thrown) {
      const error = toPathlightError(thrown);
      if (error.code === "cancelled" || error.code === "internal") throw error;
      return null;
    }
    const plain = new Map<string, readonly Token[]>();
    for (const input of this.#texts.keys()) {
      const blanks = new Map(
        this.#request.blanked
          ?.find((entry) => entry.input === input)
          ?.tokens.map((token) => [token.position, token.id]),
      );
      const before = tokensOf(this.#original, input);
      const now = tokensOf(shown, input);
      const same = before.length === now.length && now.every(({ id }, at) => id === (blanks.get(at) ?? before[at]?.id));
      if (!same) return null;
      plain.set(input, now);
    }
    return plain;
  }

  #notes(inputs: readonly PreparedInput[], edited: ReadonlyMap<string, EditedText>): string[] {
    const notes: string[] = [];
    for (const [input, text] of edited) {
      const before = encodedOf(this.#original, input);
      const now = encodedOf(inputs, input);
      if (before === undefined || now === undefined) continue;
      const cut = before.truncatedFrom;
      if (cut !== null && (now.truncatedFrom ?? Number.POSITIVE_INFINITY) > text.moved(cut)) {
        notes.push("Text that the model did not see before has moved into its sight.");
      }
      const known = new Set(unknownOf(before.tokens));
      const fresh = [...new Set(unknownOf(now.tokens))].filter((word) => !known.has(word));
      if (fresh.length > 0) {
        const more = fresh.length > MOST_NAMED ? ", …" : "";
        notes.push(`Not in the vocabulary: ${fresh.slice(0, MOST_NAMED).join(", ")}${more}.`);
      }
    }
    return notes;
  }
}

function withBlanked(
  { blanked: _, ...request }: ExplainRequest,
  blanked: ReadonlyMap<string, BlankedTokens["tokens"]>,
): ExplainRequest {
  if (blanked.size === 0) return request;
  return { ...request, blanked: [...blanked].map(([input, tokens]) => ({ input, tokens })) };
}

function encodedOf(inputs: readonly PreparedInput[], input: string): Encoded | undefined {
  const prepared = inputs.find(({ spec }) => spec.id === input)?.prepared;
  return prepared?.kind === "text" ? prepared.encoded : undefined;
}

export function tokensOf(inputs: readonly PreparedInput[], input: string): readonly Token[] {
  return encodedOf(inputs, input)?.tokens ?? [];
}

function unknownOf(tokens: readonly Token[]): string[] {
  return tokens.filter(({ special }) => special === "unknown").map(({ text }) => text);
}

/** What tells a token from the others after an edit: its place in the text, its id, and which of equal ones it is. */
function placeKeys(tokens: readonly Token[], edited: EditedText | undefined): string[] {
  const seen = new Map<string, number>();
  return tokens.map(({ start, end, id }) => {
    const at = edited?.moved(start) ?? start;
    const key = `${at}:${end - start}:${id}`;
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    return `${key}:${nth}`;
  });
}

function placesOf(tokens: readonly Token[]): Map<string, number> {
  return new Map(placeKeys(tokens, undefined).map((key, position) => [key, position]));
}

function readDifferently(token: Token | undefined): PathlightError {
  return new PathlightError("sample-shape", "A token that was blanked is read differently after the other change.", {
    expected: `the token ${JSON.stringify(token?.text)}`,
    found: "another one, or none",
    whatToDo: "Ask for the two changes apart.",
  });
}
