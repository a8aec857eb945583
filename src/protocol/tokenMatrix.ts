import * as z from "zod";
import { float32Schema as float32 } from "./arrays.ts";
import { statusSchema } from "./status.ts";
import { tokenSchema } from "./token.ts";

/**
 * What each token of one text says to each token of another, as numbers that can be trusted or not: the alignment of a
 * produced text with its source, or the contributions to the similarity of two texts.
 */

/** The trust of one row, or of the matrix as a whole: the same figures as of an explanation. */
export const matrixFiguresSchema = z.strictObject({
  /** F(x); F(x') is `score − deltaF`. */
  score: z.number(),
  deltaF: z.number(),
  /** Sum of the cells that the figures are of. */
  sum: z.number(),
  /** |sum − deltaF|, and the same over |deltaF|; relative is null where deltaF is 0 within rounding. */
  completenessError: z.strictObject({ absolute: z.number(), relative: z.number().nullable() }),
  /** Estimated L1 error over the cells, relative to their size; null where the method has none. */
  featureError: z.number().nullable(),
  status: statusSchema,
  evaluations: z.int(),
});

/** Columns [start, end) that belong together: the source, or what had been produced before. */
export const matrixPartSchema = z.strictObject({
  label: z.string(),
  start: z.int().min(0),
  end: z.int().min(0),
});

export const tokenMatrixSchema = z
  .strictObject({
    /** `sequence`: rows are produced tokens, columns what they were produced from. `pairs`: tokens of one text × another. */
    kind: z.enum(["sequence", "pairs"]),
    /** What the axes and a cell are called: "produced token", "source token", "logit". */
    axes: z.strictObject({ rows: z.string(), columns: z.string(), value: z.string() }),
    /** The texts that the places (`start`, `end`) of the tokens are in. */
    rowText: z.string(),
    columnText: z.string(),
    rows: z.array(tokenSchema),
    columns: z.array(tokenSchema),
    /**
     * Neighbouring columns by where they come from; none: all are of `columnText`. In a part that is not the first the
     * places are in `rowText` (produced tokens read again as columns).
     */
    parts: z.array(matrixPartSchema).default([]),
    /** [rows × columns], row by row; 0 in rows that are not known (yet). */
    values: float32,
    /** Error estimate of each cell, the same shape; null while unknown. */
    cellErrors: float32.nullable(),
    /** One for each row; null: not computed (yet). For `pairs` rows need not have figures of their own. */
    rowFigures: z.array(matrixFiguresSchema.nullable()),
    /** For each row, how many columns were there when it was produced: cells behind are empty. None: all, in every row. */
    reads: z.array(z.int().min(0)).default([]),
    /** Of the matrix as a whole, where it explains one number. Of `pairs` that is the interaction of the two texts. */
    total: matrixFiguresSchema.nullable(),
    /** For `pairs`: what is no interaction. With the cells it adds up to the whole change of the score. */
    alone: z
      .strictObject({
        /** What each token says with the other text at its baseline. */
        rows: float32,
        columns: float32,
        /** The whole change of the score, from both texts at their baselines. */
        deltaF: z.number(),
        /** How far the vectors miss their own change, component by component, relative; the worse of the two. */
        componentError: z.number(),
        /** What to know of how it was computed, a sentence each. */
        notes: z.array(z.string()),
      })
      .optional(),
  })
  .refine(
    (matrix) =>
      matrix.values.length === matrix.rows.length * matrix.columns.length &&
      (matrix.cellErrors === null || matrix.cellErrors.length === matrix.values.length) &&
      matrix.rowFigures.length === matrix.rows.length &&
      (matrix.reads.length === 0 || matrix.reads.length === matrix.rows.length),
    "expected values, errors and figures for every row and column",
  );

export type MatrixFigures = z.output<typeof matrixFiguresSchema>;
export type MatrixPart = z.output<typeof matrixPartSchema>;
export type TokenMatrix = z.output<typeof tokenMatrixSchema>;
