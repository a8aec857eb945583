import * as z from "zod";
import { errorViewSchema } from "./errorView.ts";
import { inspectionSchema } from "./inspection.ts";

/** Messages between the extension host and the page that shows what is in a model. */

export const inspectStateSchema = z.strictObject({
  phase: z.enum(["loading", "done", "failed"]),
  title: z.string(),
  /** While loading: what is being done. */
  stage: z.string().nullable(),
  inspection: inspectionSchema.nullable(),
  error: errorViewSchema.nullable(),
  /** A SavedModel, which has to be converted first. */
  convertible: z.boolean(),
  /** Name of the model's entry in pathlight.json; null: there is none. */
  entry: z.string().nullable(),
  /** A file of the model has changed on disk since. */
  stale: z.boolean(),
});

export const hostToInspectSchema = z.strictObject({ type: z.literal("state"), state: inspectStateSchema });

export const inspectToHostSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ready") }),
  z.strictObject({ type: z.literal("reload") }),
  z.strictObject({ type: z.literal("convert") }),
  z.strictObject({ type: z.literal("explain") }),
  /** Writes the inferred entry, or shows the one that is there. */
  z.strictObject({ type: z.literal("manifest") }),
  z.strictObject({ type: z.literal("copy"), text: z.string() }),
  z.strictObject({ type: z.literal("openFile"), path: z.string() }),
  z.strictObject({ type: z.literal("showLog") }),
  z.strictObject({ type: z.literal("pageError"), message: z.string(), stack: z.string().optional() }),
]);

export type InspectState = z.output<typeof inspectStateSchema>;
export type HostToInspect = z.output<typeof hostToInspectSchema>;
export type InspectToHost = z.output<typeof inspectToHostSchema>;
