import * as z from "zod";
import { colorMapNames } from "../../src/common/colorScale.ts";
import { signFilters } from "../../src/common/overlay.ts";
import { layersViewSchema } from "./layersView.ts";

/** How the reader looks at it, as opposed to what is explained: kept over a reload of the window. */
const viewStateSchema = z.object({
  tab: z.string().catch("attribution"),
  sign: z.enum(signFilters).catch("signed"),
  opacity: z.number().min(0).max(1).catch(0.9),
  threshold: z.number().min(0).max(0.6).catch(0.1),
  textThreshold: z.number().min(0).max(0.6).catch(0.04),
  /** Pixels a cell; null: the grain that the explanation was made at. */
  grain: z.int().min(1).max(4096).nullable().catch(null),
  colorMap: z.enum(colorMapNames).catch("pathlight"),
  photo: z.boolean().catch(true),
  hatching: z.boolean().catch(true),
  unit: z.enum(["word", "token", "sentence"]).catch("word"),
  /** Whether padding and what the tokenizer adds is shown. */
  specialTokens: z.boolean().catch(true),
  table: z.boolean().catch(false),
  tableFilter: z.string().catch(""),
  details: z.boolean().catch(false),
  settingsOpen: z.boolean().catch(false),
  /** Narrow panels show one picture. */
  plainGradient: z.boolean().catch(false),
  /** Scale 1: the whole picture; x and y: its centre, in fractions of the picture. */
  zoom: z
    .object({ scale: z.number().min(1).max(32), x: z.number(), y: z.number() })
    .catch({ scale: 1, x: 0.5, y: 0.5 }),
  /** The cell that is read, as a pixel of the model's picture; for text and tensors the index of a value. */
  selected: z.object({ x: z.number(), y: z.number() }).nullable().catch(null),
  selectedIndex: z.int().nullable().catch(null),
  input: z.int().min(0).catch(0),
  chosen: z.array(z.string()).max(2).catch([]),
  /** The cell of a token matrix that is read; null: the strongest of the chosen row. */
  matrixCell: z
    .object({ row: z.int().min(0), column: z.int().min(0) })
    .nullable()
    .catch(null),
  layers: layersViewSchema,
});

export type ViewState = z.output<typeof viewStateSchema>;

export function restoreViewState(kept: unknown): ViewState {
  return viewStateSchema.parse(typeof kept === "object" && kept !== null ? kept : {});
}
