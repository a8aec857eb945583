import * as z from "zod";
import type { HostToInspect, InspectState, InspectToHost } from "../../src/protocol/inspectPage.ts";
import { layerTree, pathTo, type TreeItem } from "./layerTree.ts";

/** How the reader looks at it: kept over a reload of the window. */
const viewSchema = z.object({
  text: z.string().catch(""),
  op: z.string().catch(""),
  open: z.array(z.string()).catch([]),
  selected: z.string().nullable().catch(null),
});
type View = z.output<typeof viewSchema>;

interface InspectHost {
  post(message: InspectToHost): void;
  keep(view: View): void;
}

/** Up to this many nodes the tree starts open. */
const SMALL = 60;

/** With no more rows than this at the top, their groups start open. */
const FEW = 4;

/** Everything the page shows, in one place. */
export class InspectStore extends EventTarget {
  state: InspectState | null = null;
  view: View;
  tree: readonly TreeItem[] = [];
  /** Grows with every wish to bring the selected row into view. */
  reveals = 0;
  readonly #host: InspectHost;
  readonly #fresh: boolean;
  #shown: string | null = null;

  constructor(host: InspectHost, kept: unknown) {
    super();
    this.#host = host;
    this.#fresh = typeof kept !== "object" || kept === null;
    this.view = viewSchema.parse(this.#fresh ? {} : kept);
  }

  receive({ state }: HostToInspect): void {
    this.state = state;
    const { inspection } = state;
    const shown = inspection === null ? null : `${inspection.fingerprint}:${inspection.nodes.length}`;
    if (inspection !== null && shown !== this.#shown) {
      this.tree = layerTree(inspection.nodes);
      if (this.#fresh && this.#shown === null) this.view = { ...this.view, open: openAtFirst(this.tree) };
    }
    this.#shown = shown;
    this.dispatchEvent(new Event("change"));
  }

  post(message: InspectToHost): void {
    this.#host.post(message);
  }

  setView(change: Partial<View>): void {
    this.view = { ...this.view, ...change };
    this.#host.keep(this.view);
    this.dispatchEvent(new Event("change"));
  }

  toggle(key: string, open: boolean): void {
    const keys = new Set(this.view.open);
    if (open) keys.add(key);
    else keys.delete(key);
    this.setView({ open: [...keys] });
  }

  /** Shows a node in the tree, whatever was searched for. */
  reveal(id: string): void {
    const path = pathTo(this.tree, id);
    if (path === null) return;
    this.reveals++;
    const open = [...new Set([...this.view.open, ...path.slice(0, -1)])];
    this.setView({ text: "", op: "", open, selected: path.at(-1) ?? null });
  }

  report(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    this.post(stack === undefined ? { type: "pageError", message } : { type: "pageError", message, stack });
  }
}

function openAtFirst(tree: readonly TreeItem[]): string[] {
  const count = tree.reduce((sum, item) => sum + item.count, 0);
  const keys = (items: readonly TreeItem[]): string[] =>
    items.flatMap((item) => (item.children.length === 0 ? [] : [item.key, ...keys(item.children)]));
  if (count <= SMALL) return keys(tree);
  // A group or two at the top say nothing while they are closed.
  return tree.length > FEW ? [] : tree.filter(({ children }) => children.length > 0).map(({ key }) => key);
}
