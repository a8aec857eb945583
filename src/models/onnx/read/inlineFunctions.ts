import { modelInvalid } from "../../disk/modelErrors.ts";
import type { AttributeProto, FunctionProto, NodeProto } from "./decodeProto.ts";

/** More than any export needs; a file that calls functions from functions could ask for any number. */
const mostNodes = 200_000;

/**
 * Writes functions of the model out where they are called, as PyTorch's newer exporter defines them: values inside get
 * the caller's name before theirs, attributes are filled in. Throws `model-invalid` for functions without end.
 */
export function inlineFunctions(
  file: string,
  nodes: readonly NodeProto[],
  functions: readonly FunctionProto[],
): readonly NodeProto[] {
  if (functions.length === 0) return nodes;
  const byKey = new Map(functions.map((each) => [keyOf(each.domain, each.name, each.overload), each]));
  const result: NodeProto[] = [];
  const expand = (node: NodeProto, depth: number): void => {
    const called = byKey.get(keyOf(node.domain, node.opType, node.overload));
    if (result.length > mostNodes || depth > 64) throw endless(file, node);
    if (called === undefined) result.push(node);
    else for (const inner of bodyOf(called, node)) expand(inner, depth + 1);
  };
  for (const node of nodes) expand(node, 0);
  return result;
}

function keyOf(domain: string, name: string, overload: string): string {
  return `${domain}/${name}/${overload}`;
}

function bodyOf(called: FunctionProto, call: NodeProto): NodeProto[] {
  const prefix = call.name || call.output.find((name) => name !== "") || called.name;
  const values = new Map<string, string>([["", ""]]);
  called.input.forEach((name, index) => {
    values.set(name, call.input[index] ?? "");
  });
  called.output.forEach((name, index) => {
    const given = call.output[index];
    if (given) values.set(name, given);
  });
  const rename = (name: string) => values.get(name) ?? `${prefix}/${name}`;
  const attributes = new Map([...called.attributeProto, ...call.attribute].map((each) => [each.name, each]));
  return called.node.map((node) => ({
    ...plain(node),
    name: `${prefix}/${node.name || node.opType}`,
    input: node.input.map(rename),
    output: node.output.map(rename),
    attribute: node.attribute.flatMap((attribute) => filledIn(attribute, attributes, rename)),
  }));
}

/** A reference to an attribute of the function takes the caller's value; left out where the caller gives none. */
function filledIn(
  attribute: AttributeProto,
  given: ReadonlyMap<string, AttributeProto>,
  rename: (name: string) => string,
): AttributeProto[] {
  if (attribute.refAttrName === "") return [withRenamedGraph(attribute, rename)];
  const value = given.get(attribute.refAttrName);
  return value === undefined ? [] : [{ ...copy(value), name: attribute.name }];
}

/** A graph inside a function reads the function's values under their new names. */
function withRenamedGraph(attribute: AttributeProto, rename: (name: string) => string): AttributeProto {
  const { g } = attribute;
  if (g === null) return attribute;
  return {
    ...copy(attribute),
    g: {
      name: g.name,
      sparseInitializer: g.sparseInitializer,
      initializer: g.initializer.map((tensor) => Object.assign(Object.create(tensor), { name: rename(tensor.name) })),
      input: g.input.map((input) => ({ name: rename(input.name), type: input.type })),
      output: g.output.map((output) => ({ name: rename(output.name), type: output.type })),
      node: g.node.map((node) => ({
        ...plain(node),
        input: node.input.map((name) => (name === "" ? "" : rename(name))),
        output: node.output.map((name) => (name === "" ? "" : rename(name))),
        attribute: node.attribute.map((each) => withRenamedGraph(each, rename)),
      })),
    },
  };
}

/** Decoded messages keep their defaults in the prototype, which a spread would lose. */
function plain({ input, output, name, opType, domain, overload, attribute }: NodeProto): NodeProto {
  return { input, output, name, opType, domain, overload, attribute };
}

function copy({ name, type, f, i, s, t, g, floats, ints, strings, refAttrName }: AttributeProto): AttributeProto {
  return { name, type, f, i, s, t, g, floats, ints, strings, refAttrName };
}

function endless(file: string, { opType }: NodeProto) {
  return modelInvalid(
    file,
    "The functions of the ONNX model call one another without end.",
    `functions that come to at most ${mostNodes} nodes`,
    `more at ${opType}`,
    "Export the model again.",
  );
}
