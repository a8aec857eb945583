import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { z } from "zod";
import { nearest } from "../common/nearest.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";

/** One thing wrong with a manifest, with the place of it in the text. */
export interface ManifestIssue {
  readonly message: string;
  /** UTF-16 offset and length of the text at fault. */
  readonly offset: number;
  readonly length: number;
  /** 1-based line of the offset. */
  readonly line: number;
}

export interface ManifestText {
  /** Undefined when there are issues. */
  readonly manifest: Manifest | undefined;
  readonly issues: readonly ManifestIssue[];
}

/** Reads and checks `pathlight.json`; comments and trailing commas are allowed. */
export function readManifestText(text: string): ManifestText {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || tree === undefined) {
    const places = errors.length > 0 ? errors : [{ error: 1, offset: 0, length: 0 }];
    return {
      manifest: undefined,
      issues: places.map((error) =>
        issue(text, `Not valid JSON: ${sentence(printParseErrorCode(error.error))}.`, error),
      ),
    };
  }
  const parsed = manifestSchema.safeParse(contentOf(tree));
  if (!parsed.success) {
    return { manifest: undefined, issues: parsed.error.issues.flatMap((found) => issuesOf(text, tree, found)) };
  }
  const issues = referenceIssues(text, tree, parsed.data);
  return { manifest: issues.length === 0 ? parsed.data : undefined, issues };
}

/** Data sets name models of the same file; names are unique. */
function referenceIssues(text: string, tree: Node, manifest: Manifest): ManifestIssue[] {
  const names = manifest.models.map((model) => model.name);
  const issues: ManifestIssue[] = [];
  names.forEach((name, index) => {
    if (names.indexOf(name) === index) return;
    issues.push(issue(text, `Two models are called "${name}".`, rangeOf(tree, ["models", index, "name"])));
  });
  manifest.datasets.forEach((dataset, index) => {
    if (names.includes(dataset.model)) return;
    const near = nearest(dataset.model, names);
    const hint = near === undefined ? `There is ${listed(names)}.` : `Did you mean "${near}"?`;
    issues.push(
      issue(text, `No model is called "${dataset.model}". ${hint}`, rangeOf(tree, ["datasets", index, "model"])),
    );
  });
  return issues;
}

function issuesOf(text: string, tree: Node, found: z.core.$ZodIssue): ManifestIssue[] {
  const path = found.path.filter((part) => typeof part !== "symbol");
  if (found.code === "unrecognized_keys") {
    const known = knownKeys(path);
    return found.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
      return issue(text, `Unknown property "${key}".${hint}`, keyRange(tree, path, key));
    });
  }
  if (found.code === "invalid_union" && found.errors.length > 0) {
    // The branch that got furthest says most.
    const best = [...found.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? [];
    if (depth(best) > 0)
      return best.flatMap((inner) => issuesOf(text, tree, { ...inner, path: [...path, ...inner.path] }));
  }
  if (found.code === "invalid_type" && path.length > 0 && found.message.endsWith("received undefined")) {
    return [issue(text, `The property "${path.at(-1)}" is missing.`, rangeOf(tree, path))];
  }
  const where = path.length === 0 ? "" : `${path.map(String).join(".")}: `;
  return [issue(text, `${where}${found.message}.`.replaceAll("..", "."), rangeOf(tree, path))];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((found) => found.path.length));
}

/** Property names that are allowed where an unknown one stands, read off the one schema. */
function knownKeys(path: readonly (string | number)[]): readonly string[] {
  const keys: string[] = [];
  collectKeys(manifestSchema, [...path], keys);
  return keys;
}

function collectKeys(schema: z.core.$ZodType, path: (string | number)[], keys: string[]): void {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case "optional":
    case "default":
      collectKeys(def.innerType, path, keys);
      return;
    case "union":
      for (const option of def.options) collectKeys(option, path, keys);
      return;
    case "array":
      collectKeys(def.element, path.slice(1), keys);
      return;
    case "object": {
      const [head, ...rest] = path;
      if (head === undefined) keys.push(...Object.keys(def.shape));
      else {
        const child = def.shape[String(head)];
        if (child !== undefined) collectKeys(child, rest, keys);
      }
      return;
    }
    default:
      return;
  }
}

type Range = Pick<ManifestIssue, "offset" | "length">;

/** The value at a path, or the nearest thing above it that is there. */
function rangeOf(tree: Node, path: readonly (string | number)[]): Range {
  for (let end = path.length; end >= 0; end--) {
    const node = findNodeAtLocation(tree, path.slice(0, end));
    if (node === undefined) continue;
    if (end === path.length) return node;
    // Something is missing inside: mark the opening bracket, not the whole object.
    return { offset: node.offset, length: 1 };
  }
  return { offset: tree.offset, length: 1 };
}

function keyRange(tree: Node, path: readonly (string | number)[], key: string): Range {
  const property = findNodeAtLocation(tree, [...path, key])?.parent?.children?.[0];
  return property ?? rangeOf(tree, path);
}

function issue(text: string, message: string, { offset, length }: Range): ManifestIssue {
  return { message, offset, length, line: text.slice(0, offset).split("\n").length };
}

function contentOf(node: Node): unknown {
  switch (node.type) {
    case "array":
      return (node.children ?? []).map(contentOf);
    case "object":
      return Object.fromEntries(
        (node.children ?? []).map((property) => {
          const [key, value] = property.children ?? [];
          return [String(key?.value), value === undefined ? undefined : contentOf(value)];
        }),
      );
    default:
      return node.value;
  }
}

function sentence(code: string): string {
  return code
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/ expected$/, " is missing");
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "no model in this file" : names.map((name) => `"${name}"`).join(", ");
}
