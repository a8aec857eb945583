import * as z from "zod";

/** Typed arrays as they cross a process boundary, whatever memory they view. */
export const float32Schema = z.custom<Float32Array>(
  (value) => value instanceof Float32Array,
  "expected a Float32Array",
);
export const float64Schema = z.custom<Float64Array>(
  (value) => value instanceof Float64Array,
  "expected a Float64Array",
);
export const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "expected a Uint8Array");
