import { z } from "zod";

const pathSchema = z.string();

const datasetSchema = z.object({
  path: pathSchema,
  shape: z.array(z.int().nonnegative()),
  kind: z.enum(["float", "integer", "bytes", "other"]),
  /** Bytes of one element. */
  width: z.int().nonnegative(),
  littleEndian: z.boolean(),
  signed: z.boolean(),
  bytes: z.instanceof(Uint8Array),
  /** Says bfloat16 where Keras wrote one, for which HDF5 has no type. */
  dtype: z.string().optional(),
});

const contentsSchema = z.object({
  /** Absolute paths of all groups, in the order of the file. */
  groups: z.array(pathSchema),
  datasets: z.array(datasetSchema),
  /** By the path of the group, then by name; only those that were asked for. */
  attributes: z.map(z.string(), z.map(z.string(), z.union([z.string(), z.array(z.string())]))),
});

/** A dataset as it is stored. */
export type Hdf5Dataset = z.infer<typeof datasetSchema>;

/** What an HDF5 file of Keras holds, without optimizer states. */
export type Hdf5Contents = z.infer<typeof contentsSchema>;

export interface Hdf5Job {
  readonly bytes: Uint8Array;
  /** Groups of these names at the top are left out. */
  readonly skip: readonly string[];
  /** Which text attributes of groups to read: names, with or without a number at the end. */
  readonly attributes: readonly string[];
}

/** What the worker sends: that it is ready, then for each job that it goes on, and one answer. `retire`: it must not be given another one. */
export const hdf5MessageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("progress") }),
  z.object({ kind: z.literal("contents"), contents: contentsSchema }),
  z.object({ kind: z.literal("failed"), reason: z.string(), retire: z.boolean() }),
]);

export type Hdf5Message = z.infer<typeof hdf5MessageSchema>;
