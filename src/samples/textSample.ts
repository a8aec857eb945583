import { PathlightError } from "../common/errors.ts";
import type { Token } from "../protocol/explanation.ts";
import { formatCount } from "../protocol/format.ts";
import type { TextInput } from "../protocol/manifest.ts";
import type { NumericTensor } from "./numericTensor.ts";
import type { PreparedText } from "./prepared.ts";
import { type LongText, textInWindows } from "./textWindows.ts";
import { endsOf } from "./tokenizer/byteTokenizer.ts";
import type { Encoded, FileEnds, FileReader, Tokenizer } from "./tokenizer/tokenizer.ts";

/**
 * A text as the token ids of a model whose input (without batch axis) has `inputShape`; `long`: how one is read that is
 * too long. Throws `sample-shape` where the input is no row of ids, and what `Tokenizer.encode` and `textInWindows` throw.
 */
export function prepareText(
  text: string,
  input: TextInput,
  inputShape: readonly (number | null)[],
  tokenizer: Tokenizer,
  long: LongText = { kind: "cut" },
): PreparedText {
  const { files } = tokenizer;
  if (files !== undefined) return prepareFile(endsOf(new TextEncoder().encode(text)), input, inputShape, files, long);
  const length = textLength(input, inputShape);
  const windows = long.kind === "cut" ? null : textInWindows([text], input, length, tokenizer, long.overlap);
  if (windows !== null) return noted(windows);
  const encoded = tokenizer.encode(text, length, input.padSide);
  return preparedText(text, encoded, [{ name: null, start: 0, end: text.length }]);
}

/** Two texts that the model reads as one sequence. Throws what {@link prepareText} throws. */
export function preparePair(
  first: string,
  second: string,
  input: TextInput,
  inputShape: readonly (number | null)[],
  tokenizer: Tokenizer,
  long: LongText = { kind: "cut" },
): PreparedText {
  if (tokenizer.encodePair === undefined) {
    throw new PathlightError("tokenizer-invalid", "The tokenizer does not say how two texts are read as one.", {
      expected: "a tokenizer.json with a template for pairs",
      found: `a tokenizer of type ${input.tokenizer.type}`,
      whatToDo: "Give one text, or name the input of the model that each text is for.",
    });
  }
  const length = textLength(input, inputShape);
  const windows = long.kind === "cut" ? null : textInWindows([first, second], input, length, tokenizer, long.overlap);
  if (windows !== null) return noted(windows);
  const encoded = tokenizer.encodePair(first, second, length, input.padSide, input.truncation);
  return preparedText(
    encoded.text,
    encoded,
    encoded.fields.map(({ start, end, truncatedFrom }) => ({
      name: null,
      start,
      end,
      ...(truncatedFrom === null ? {} : { truncatedFrom }),
    })),
  );
}

function preparedText(text: string, encoded: Encoded, fields: PreparedText["fields"]): PreparedText {
  const { ids, tokens, truncatedFrom } = encoded;
  const notes: string[] = [];
  if (truncatedFrom !== null) {
    notes.push(`The text is longer than the model takes: it saw the first ${tokens.length} tokens.`);
  }
  return noted({ kind: "text", tensor: { shape: [ids.length], data: ids }, text, encoded, fields, notes });
}

/** With what the vocabulary does not have. */
function noted(prepared: PreparedText): PreparedText {
  const { tokens, unknownCount } = prepared.encoded;
  if (unknownCount === 0) return prepared;
  const unknown = [...new Set(tokens.filter((token) => token.special === "unknown").map((token) => token.text))];
  const some = unknown.slice(0, 5).join(", ");
  const note = `Not in the vocabulary: ${some}${unknown.length > 5 ? ", …" : ""}.`;
  return { ...prepared, notes: [...prepared.notes, note] };
}

/** A file's two ends as the ids of a model that reads whole files. Throws what {@link prepareText} throws. */
export function prepareFile(
  ends: FileEnds,
  input: TextInput,
  inputShape: readonly (number | null)[],
  reader: FileReader,
  long: LongText = { kind: "cut" },
): PreparedText {
  if (long.kind === "windows") throw endsOnly();
  const { text, encoded } = reader.encode(ends, textLength(input, inputShape));
  const { ids, gap } = encoded;
  const notes =
    gap === null ? [] : [`The model does not see ${formatCount(gap.bytes)} bytes in the middle of the file.`];
  const fields = [{ name: null, start: 0, end: text.length }];
  return { kind: "text", tensor: { shape: [ids.length], data: ids }, text, encoded, fields, notes };
}

/**
 * Token ids (from a `.npy` file) as a sample of a text model. The text shown is made of the tokens, or of the ids where
 * there is no tokenizer. `idLimit`: rows of the embedding. Throws `sample-shape` for ids out of range.
 */
export function prepareIds(
  tensor: NumericTensor,
  file: string,
  tokenizer: Tokenizer | undefined,
  idLimit: number | undefined,
): PreparedText {
  const ids = tensor.data instanceof Int32Array ? tensor.data : Int32Array.from(tensor.data);
  const limit = idLimit ?? tokenizer?.idLimit ?? Number.POSITIVE_INFINITY;
  const bad = ids.findIndex((id) => id < 0 || id >= limit);
  if (bad !== -1) {
    throw new PathlightError("tokenizer-invalid", "A token id is out of range.", {
      file,
      expected: `ids from 0 to ${limit - 1}`,
      found: `${ids[bad]} at position ${bad}`,
      whatToDo: "Use the ids that the model was trained with.",
    });
  }
  let text = "";
  const tokens = Array.from(ids, (id, position): Token => {
    const known = tokenizer?.idToToken(id);
    const shown = known?.text ?? `#${id}`;
    if (position > 0) text += " ";
    const start = text.length;
    text += shown;
    return { text: shown, id, start, end: text.length, special: known?.special ?? "none", word: position };
  });
  const unknownCount = tokens.filter((token) => token.special === "unknown").length;
  return {
    kind: "text",
    tensor: { shape: [...tensor.shape], data: ids },
    text,
    encoded: { ids, tokens, truncatedFrom: null, gap: null, unknownCount },
    fields: [{ name: null, start: 0, end: text.length }],
    notes: [],
  };
}

function endsOnly(): PathlightError {
  return new PathlightError("usage", "A model that reads the two ends of a file is not given windows of it.", {
    expected: "a model that reads a text from its start",
    found: "a tokenizer with a `window` of the file's first and last bytes",
    whatToDo: "Leave the windows out: --windows, or `long` of the text input in pathlight.json.",
  });
}

/** Positions of the model's input; null where both the model and the manifest leave them free. */
function textLength(input: TextInput, shape: readonly (number | null)[]): number | null {
  const [positions] = shape;
  if (shape.length !== 1 || positions === undefined) {
    throw new PathlightError("sample-shape", "The input of the model does not take token ids.", {
      expected: "one row of ids",
      found: `an input with ${shape.length} axes`,
      whatToDo: "Describe the input in pathlight.json as it is.",
    });
  }
  if (positions !== null && input.length !== undefined && input.length !== positions) {
    throw new PathlightError("sample-shape", "The manifest and the model disagree on the length of a text.", {
      expected: `${positions} positions (the model)`,
      found: `${input.length} (the manifest)`,
      whatToDo: "Correct or remove `length` in pathlight.json.",
    });
  }
  return positions ?? input.length ?? null;
}
