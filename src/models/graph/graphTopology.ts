import { z } from "zod";
import { modelInvalid } from "../disk/modelErrors.ts";

const attributeSchema = z.looseObject({
  s: z.union([z.string(), z.array(z.number())]).optional(),
  b: z.boolean().optional(),
  i: z.union([z.string(), z.number()]).optional(),
  f: z.number().optional(),
  type: z.union([z.string(), z.number()]).optional(),
  shape: z
    .looseObject({ dim: z.array(z.looseObject({ size: z.union([z.string(), z.number()]).optional() })).optional() })
    .nullish(),
  func: z.looseObject({ name: z.string() }).nullish(),
  list: z.looseObject({ s: z.array(z.union([z.string(), z.array(z.number())])).optional() }).nullish(),
});

/** A node of a GraphDef, or of one of its functions. */
export const graphNodeSchema = z.looseObject({
  name: z.string().min(1),
  op: z.string().min(1),
  input: z.array(z.string()).optional(),
  attr: z.record(z.string(), attributeSchema).nullish(),
});

/** A node of a TensorFlow GraphDef as JSON. */
export type GraphDefNode = z.infer<typeof graphNodeSchema>;
export type Attributes = Readonly<Record<string, z.infer<typeof attributeSchema>>>;

/** Where an input comes from: a node and which of its outputs. */
export interface Reference {
  readonly node: string;
  readonly output: number;
}

export function parseGraphNodes(file: string, topology: Record<string, unknown>): GraphDefNode[] {
  const parsed = z.array(graphNodeSchema).safeParse(topology["node"]);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw modelInvalid(
    file,
    `The graph is not well formed at modelTopology.node.${issue?.path.join(".") ?? ""}.`,
    "nodes with a name and an op",
    issue?.message ?? "something else",
    "Convert the model again.",
  );
}

/** The data inputs of a node; control inputs (`^name`) order side effects and carry nothing. */
export function dataInputs(node: GraphDefNode): string[] {
  return (node.input ?? []).filter((input) => !input.startsWith("^"));
}

/** `name`, `name:k` and, in functions, `name:output:k`. */
export function parseReference(reference: string): Reference {
  const [node = "", ...rest] = reference.split(":");
  const output = Number(rest.at(-1) ?? 0);
  return { node, output: Number.isInteger(output) ? output : 0 };
}

/** The id of a node's output: its name, with `:k` from the second output on. */
export function outputId({ node, output }: Reference): string {
  return output === 0 ? node : `${node}:${output}`;
}

export function attributesOf(node: GraphDefNode): Attributes {
  return node.attr ?? {};
}

/** Strings stand in base64, or as a list of bytes. */
export function decodeString(value: string | readonly number[]): string {
  return typeof value === "string" ? Buffer.from(value, "base64").toString() : Buffer.from(value).toString();
}
