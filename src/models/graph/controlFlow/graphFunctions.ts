import { z } from "zod";
import { type GraphDefNode, graphNodeSchema } from "../graphTopology.ts";

const argument = z.looseObject({ name: z.string().min(1) });

const functionSchema = z.looseObject({
  signature: z.looseObject({
    name: z.string().min(1),
    inputArg: z.array(argument).default([]),
    outputArg: z.array(argument).default([]),
  }),
  nodeDef: z.array(graphNodeSchema).default([]),
  ret: z.record(z.string(), z.string()).default({}),
});

const librarySchema = z.looseObject({ function: z.array(functionSchema).default([]) });

/** A branch or the body of a loop. */
export interface GraphFunction {
  readonly inputs: readonly string[];
  readonly nodes: readonly GraphDefNode[];
  /** What each output is, as a reference to a node of the function. */
  readonly outputs: readonly string[];
}

/** The functions of a graph by name; none where the library is missing or not well formed. */
export function graphFunctions(topology: Record<string, unknown>): Map<string, GraphFunction> {
  const parsed = librarySchema.safeParse(topology["library"]);
  if (!parsed.success) return new Map();
  return new Map(
    parsed.data.function.map(({ signature, nodeDef, ret }) => [
      signature.name,
      {
        inputs: signature.inputArg.map(({ name }) => name),
        nodes: nodeDef,
        outputs: signature.outputArg.map(({ name }) => ret[name] ?? name),
      },
    ]),
  );
}
