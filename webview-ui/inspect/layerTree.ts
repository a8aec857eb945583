import type { InspectedNode } from "../../src/protocol/inspection.ts";

/** A place in the tree: a node of the model, a group of such, or both (a nested model that has an output of its own). */
export interface TreeItem {
  /** Unique in the tree; of a group the path of its names. */
  readonly key: string;
  readonly name: string;
  readonly node: InspectedNode | null;
  readonly children: readonly TreeItem[];
  /** Nodes in it and below. */
  readonly count: number;
  readonly parameters: number;
  /** Something in it or below cannot be computed or differentiated. */
  readonly flagged: boolean;
}

/** An item as it stands in the list that is drawn. */
export interface TreeRow {
  readonly item: TreeItem;
  /** From 1, as `aria-level` counts. */
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  readonly open: boolean;
  /** Row of the parent; -1 at the top. */
  readonly parent: number;
}

export interface TreeFilter {
  readonly text: string;
  /** Only nodes with this op; empty: all. */
  readonly op: string;
}

interface Draft {
  readonly name: string;
  readonly key: string;
  node: InspectedNode | null;
  readonly children: Map<string, Draft>;
}

/** Node ids as a tree, split at `/` and `.`, in the order of the model. Groups with a single child are drawn together. */
export function layerTree(nodes: readonly InspectedNode[]): readonly TreeItem[] {
  const root: Draft = { name: "", key: "", node: null, children: new Map() };
  for (const node of nodes) {
    let place = root;
    for (const [name, separator] of partsOf(node.id)) {
      const next = place.children.get(name) ?? {
        name,
        key: place.key + separator + name,
        node: null,
        children: new Map<string, Draft>(),
      };
      place.children.set(name, next);
      place = next;
    }
    // Two ids that differ only in what separates their parts: both are shown.
    if (place.node === null && place !== root) place.node = node;
    else place.children.set(`${node.id}#${place.children.size}`, leaf(node));
  }
  return [...root.children.values()].map(finish);
}

function leaf(node: InspectedNode): Draft {
  return { name: node.id, key: `#${node.id}`, node, children: new Map() };
}

function partsOf(id: string): [string, string][] {
  const parts: [string, string][] = [];
  for (const match of id.matchAll(/([/.]*)([^/.]+)/g)) parts.push([match[2] ?? "", match[1] ?? ""]);
  return parts;
}

function finish(draft: Draft): TreeItem {
  let { name } = draft;
  let place = draft;
  for (let only = onlyChild(place); only !== undefined; only = onlyChild(place)) {
    name += only.key.slice(place.key.length, only.key.length);
    place = only;
  }
  const children = [...place.children.values()].map(finish);
  const { node } = place;
  return {
    key: place.key,
    name,
    node,
    children,
    count: children.reduce((sum, child) => sum + child.count, node === null ? 0 : 1),
    parameters: children.reduce((sum, child) => sum + child.parameters, node?.parameters ?? 0),
    flagged: children.some((child) => child.flagged) || (node !== null && isFlagged(node)),
  };
}

function onlyChild({ node, children }: Draft): Draft | undefined {
  if (node !== null || children.size !== 1) return undefined;
  return [...children.values()][0];
}

export function isFlagged({ unsupported, noGradient }: InspectedNode): boolean {
  return unsupported === true || noGradient === true;
}

export function isFiltering({ text, op }: TreeFilter): boolean {
  return text.trim() !== "" || op !== "";
}

/** The rows to draw: what is open, or while filtering everything that leads to a hit. */
export function visibleRows(
  items: readonly TreeItem[],
  open: ReadonlySet<string>,
  filter: TreeFilter,
): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  const filtering = isFiltering(filter);
  const hits = filtering ? hitsOf(items, filter) : undefined;
  const add = (list: readonly TreeItem[], level: number, parent: number): void => {
    const shown = hits === undefined ? list : list.filter((item) => hits.has(item));
    shown.forEach((item, index) => {
      const isOpen = item.children.length > 0 && (filtering ? true : open.has(item.key));
      const row = rows.push({ item, level, position: index + 1, siblings: shown.length, open: isOpen, parent }) - 1;
      if (isOpen) add(item.children, level + 1, row);
    });
  };
  add(items, 1, -1);
  return rows;
}

/** Items that fit, and those that lead to them. */
function hitsOf(items: readonly TreeItem[], filter: TreeFilter): Set<TreeItem> {
  const hits = new Set<TreeItem>();
  const words = filter.text.trim().toLowerCase().split(/\s+/);
  const visit = (item: TreeItem): boolean => {
    let found = item.node !== null && fits(item.node, words, filter.op);
    for (const child of item.children) if (visit(child)) found = true;
    if (found) hits.add(item);
    return found;
  };
  for (const item of items) visit(item);
  return hits;
}

function fits({ id, op }: InspectedNode, words: readonly string[], wanted: string): boolean {
  if (wanted !== "" && op !== wanted) return false;
  const text = `${id} ${op}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** How many nodes fit. */
export function countHits(nodes: readonly InspectedNode[], filter: TreeFilter): number {
  if (!isFiltering(filter)) return nodes.length;
  const words = filter.text.trim().toLowerCase().split(/\s+/);
  return nodes.filter((node) => fits(node, words, filter.op)).length;
}

/** Keys of the groups that lead to a node; null: there is no such node. */
export function pathTo(items: readonly TreeItem[], id: string): string[] | null {
  for (const item of items) {
    if (item.node?.id === id) return [item.key];
    const below = pathTo(item.children, id);
    if (below !== null) return [item.key, ...below];
  }
  return null;
}
