import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { InspectedNode } from "../../../src/protocol/inspection.ts";
import { countHits, layerTree, pathTo, type TreeItem, visibleRows } from "../../../webview-ui/inspect/layerTree.ts";

function node(id: string, op = "Op", more: Partial<InspectedNode> = {}): InspectedNode {
  return { id, op, shape: null, dtype: null, ...more };
}

const everything = { text: "", op: "" };

function names(items: readonly TreeItem[]): unknown[] {
  return items.map(({ name, children }) => (children.length === 0 ? name : [name, names(children)]));
}

test("names are split at slashes and dots, and groups with one child are drawn together", () => {
  const tree = layerTree(
    ["/encoder/layer.0/query/MatMul", "/encoder/layer.0/query/Add", "/encoder/layer.1/Add"].map((id) => node(id)),
  );
  assert.deepEqual(names(tree), [["encoder/layer", [["0/query", ["MatMul", "Add"]], "1/Add"]]]);
});

test("a nested model that has an output of its own is a node and a group", () => {
  const tree = layerTree([node("inner/dense"), node("inner/relu"), node("inner", "Model")]);
  assert.deepEqual(names(tree), [["inner", ["dense", "relu"]]]);
  assert.equal(tree[0]?.node?.op, "Model");
  assert.equal(tree[0]?.count, 3);
});

test("ids that differ only in what separates their parts are all shown", () => {
  const tree = layerTree([node("a/b"), node("a.b"), node("/a/b")]);
  assert.equal(
    tree.reduce((sum, item) => sum + item.count, 0),
    3,
  );
});

test("groups sum parameters and carry the marks of what is in them", () => {
  const tree = layerTree([
    node("a/x", "MatMul", { parameters: 3 }),
    node("a/y", "TopK", { parameters: 4, noGradient: true }),
    node("b"),
  ]);
  assert.deepEqual(
    tree.map(({ parameters, flagged }) => [parameters, flagged]),
    [
      [7, true],
      [0, false],
    ],
  );
});

test("a search shows what fits and what leads to it, by name and op, all words", () => {
  const nodes = [node("enc/0/query", "MatMul"), node("enc/0/key", "Add"), node("head", "MatMul")];
  const tree = layerTree(nodes);
  const rows = visibleRows(tree, new Set(), { text: "enc matmul", op: "" });
  assert.deepEqual(
    rows.map(({ item }) => item.name),
    ["enc/0", "query"],
  );
  assert.deepEqual(
    rows.map(({ level, position, siblings, parent }) => [level, position, siblings, parent]),
    [
      [1, 1, 1, -1],
      [2, 1, 1, 0],
    ],
  );
  assert.equal(countHits(nodes, { text: "", op: "MatMul" }), 2);
  assert.equal(countHits(nodes, { text: "nothing", op: "" }), 0);
});

test("every node is found by the path to it, and rows are all nodes when everything is open", () => {
  const part = fc.constantFrom("a", "b", "0", "dense");
  const id = fc
    .array(part, { minLength: 1, maxLength: 4 })
    .chain((parts) =>
      fc
        .array(fc.constantFrom("/", "."), { minLength: parts.length, maxLength: parts.length })
        .map((separators) => parts.map((each, index) => (index === 0 ? "" : separators[index]) + each).join("")),
    );
  fc.assert(
    fc.property(fc.uniqueArray(id, { maxLength: 30 }), (ids) => {
      const tree = layerTree(ids.map((each) => node(each)));
      const open = new Set<string>();
      const visit = (items: readonly TreeItem[]): void => {
        for (const item of items) {
          open.add(item.key);
          visit(item.children);
        }
      };
      visit(tree);
      const shown = visibleRows(tree, open, everything).flatMap(({ item }) => item.node?.id ?? []);
      assert.deepEqual([...shown].sort(), [...ids].sort());
      for (const each of ids) {
        const path = pathTo(tree, each);
        assert.ok(path !== null);
        assert.ok(visibleRows(tree, new Set(path.slice(0, -1)), everything).some(({ item }) => item.node?.id === each));
      }
    }),
    { seed: 5, numRuns: 200 },
  );
});
