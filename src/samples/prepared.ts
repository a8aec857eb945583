import type { TextAttribution } from "../protocol/explanation.ts";
import type { PreparedImage } from "./image/preparedImage.ts";
import type { NumericTensor } from "./numericTensor.ts";
import type { Encoded } from "./tokenizer/tokenizer.ts";
import type { WindowRange } from "./windowPlan.ts";

/** A text as token ids; `tensor` is [positions], whole numbers. */
export interface PreparedText {
  readonly kind: "text";
  readonly tensor: NumericTensor & { readonly data: Int32Array };
  readonly text: string;
  /** Offsets are in `text`. */
  readonly encoded: Encoded;
  /** Where in `text` the sample's fields stand; see an explanation's. */
  readonly fields: TextAttribution["fields"];
  readonly notes: readonly string[];
  /** Set where the text is longer than the model takes and is read in several windows. */
  readonly windows?: TextWindows | undefined;
}

/** A text in windows: `tensor` and tokens are those of the whole text, each token once. */
export interface TextWindows {
  /** Positions of a window. */
  readonly length: number;
  /** Tokens of the text that neighbouring windows share, the last two at least. */
  readonly overlap: number;
  /** The tokens of the text that each reads, by their positions in the whole; `to` is not among them. */
  readonly ranges: readonly WindowRange[];
  /** For each window the position in the whole of what stands at each of its own, [length]. */
  readonly places: readonly Int32Array[];
}

/** The model's own numbers. */
export interface PreparedTensor {
  readonly kind: "tensor";
  readonly tensor: NumericTensor;
  /** Of a row of a table: the column of each value. */
  readonly names?: readonly string[] | undefined;
  readonly notes: readonly string[];
}

/** What the sample was called and what is known of it beside its numbers. */
export interface SampleInfo {
  readonly title: string;
  /** Null for a piece of text. */
  readonly path: string | null;
  readonly row: number | null;
  /** Columns that could be read as text, and the one that was. */
  readonly columns: readonly string[];
  readonly column: string | null;
  /** The true label where the data set has one. */
  readonly label: string | null;
}

export type Prepared = PreparedImage | PreparedText | PreparedTensor;
export type PreparedSample = Prepared & { readonly info: SampleInfo };
