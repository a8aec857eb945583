import * as z from "zod";

/** An error as the panel shows it: what is wrong, then what a person needs to mend it. */
export const errorViewSchema = z.strictObject({
  title: z.string(),
  file: z.string().optional(),
  expected: z.string().optional(),
  found: z.string().optional(),
  whatToDo: z.string().optional(),
  code: z.string(),
});

export type ErrorView = z.output<typeof errorViewSchema>;
