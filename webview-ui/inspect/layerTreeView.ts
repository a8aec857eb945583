import { html, nothing, type PropertyDeclarations, type TemplateResult } from "lit";
import type { InspectedNode } from "../../src/protocol/inspection.ts";
import { countWords, shapeWords } from "../../src/protocol/inspectionWords.ts";
import { opCounts } from "../../src/protocol/opCounts.ts";
import { icon, select } from "../elements/controls.ts";
import { cssVars } from "../elements/cssVars.ts";
import { plural } from "../model/words.ts";
import { InspectElement } from "./inspectElement.ts";
import { countHits, isFiltering, type TreeRow, visibleRows } from "./layerTree.ts";

const ROW = 24;
/** Rows drawn beyond what is seen, so that scrolling shows no gaps. */
const AHEAD = 12;

/** The nodes as a tree: searched by name and op, by keyboard too; only the rows in sight are drawn. */
class LayerTreeView extends InspectElement {
  static override properties: PropertyDeclarations = {
    ...InspectElement.properties,
    from: { state: true },
    height: { state: true },
  };
  /** First row in sight, and how many fit. */
  from = 0;
  height = 20;
  #typed = "";
  #typedAt = 0;
  #revealed = 0;

  #rows(): readonly TreeRow[] {
    return visibleRows(this.store.tree, new Set(this.store.view.open), this.store.view);
  }

  #active(rows: readonly TreeRow[]): number {
    const index = rows.findIndex(({ item }) => item.key === this.store.view.selected);
    return Math.max(0, index);
  }

  protected override updated(): void {
    if (this.#revealed === this.store.reveals) return;
    this.#revealed = this.store.reveals;
    const rows = this.#rows();
    this.#scrollTo(this.#active(rows), true);
    const box = this.querySelector<HTMLElement>("[role=tree]");
    box?.focus({ preventScroll: true });
    box?.scrollIntoView({ block: "nearest" });
  }

  #scrollTo(index: number, centre = false): void {
    const box = this.querySelector<HTMLElement>("[role=tree]");
    if (box === null) return;
    const top = index * ROW;
    if (centre) box.scrollTop = top - box.clientHeight / 2;
    else if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
    this.#measure(box);
  }

  #measure(box: HTMLElement): void {
    this.from = Math.floor(box.scrollTop / ROW);
    this.height = Math.ceil(box.clientHeight / ROW) || 20;
  }

  readonly #onScroll = (event: Event): void => this.#measure(event.currentTarget as HTMLElement);

  readonly #onKey = (event: KeyboardEvent): void => {
    const rows = this.#rows();
    const index = this.#active(rows);
    const row = rows[index];
    if (row === undefined) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "c") {
      if (row.item.node !== null && getSelection()?.isCollapsed !== false) this.#copy(row.item.node);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.#moved(event.key, rows, index, row);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    const target = rows[Math.max(0, Math.min(rows.length - 1, next))];
    if (target === undefined) return;
    this.store.setView({ selected: target.item.key });
    this.#scrollTo(rows.indexOf(target));
  };

  /** Row to go to; null: the key means nothing here. Keys as in the tree pattern of the ARIA practices. */
  #moved(key: string, rows: readonly TreeRow[], index: number, { item, open, parent }: TreeRow): number | null {
    const group = item.children.length > 0;
    const filtering = isFiltering(this.store.view);
    switch (key) {
      case "ArrowDown":
        return index + 1;
      case "ArrowUp":
        return index - 1;
      case "PageDown":
        return index + this.height - 1;
      case "PageUp":
        return index - this.height + 1;
      case "Home":
        return 0;
      case "End":
        return rows.length - 1;
      case "ArrowRight":
        if (!group) return index;
        if (open) return index + 1;
        this.store.toggle(item.key, true);
        return index;
      case "ArrowLeft":
        if (group && open && !filtering) {
          this.store.toggle(item.key, false);
          return index;
        }
        return parent < 0 ? index : parent;
      case "Enter":
      case " ":
        if (group && !filtering) this.store.toggle(item.key, !open);
        return index;
      case "*":
        if (!filtering) this.#openSiblings(rows, parent);
        return index;
      default:
        return key.length === 1 ? this.#typeAhead(key, rows, index) : null;
    }
  }

  #openSiblings(rows: readonly TreeRow[], parent: number): void {
    const keys = rows.filter((row) => row.parent === parent && row.item.children.length > 0).map((row) => row.item.key);
    this.store.setView({ open: [...new Set([...this.store.view.open, ...keys])] });
  }

  #typeAhead(key: string, rows: readonly TreeRow[], index: number): number | null {
    const now = performance.now();
    const again = now - this.#typedAt > 700;
    this.#typed = (again ? "" : this.#typed) + key.toLowerCase();
    this.#typedAt = now;
    const start = again ? index + 1 : index;
    for (let step = 0; step < rows.length; step++) {
      const at = (start + step) % rows.length;
      if (rows[at]?.item.name.toLowerCase().startsWith(this.#typed) === true) return at;
    }
    return index;
  }

  #copy(node: InspectedNode): void {
    this.store.post({ type: "copy", text: node.id });
  }

  protected override render(): TemplateResult | typeof nothing {
    const { view, state } = this.store;
    const inspection = state?.inspection;
    if (inspection === null || inspection === undefined) return nothing;
    const rows = this.#rows();
    const active = this.#active(rows);
    const first = Math.max(0, Math.min(this.from, rows.length - this.height) - AHEAD);
    const shown = rows.slice(first, first + this.height + 2 * AHEAD);
    const hits = countHits(inspection.nodes, view);
    const row = rows[active];
    return html`<div class="tree-tools">
        <h2 id="layers-title">Layers <small role="status">${
          isFiltering(view) ? `${hits} of ${plural(inspection.nodes.length, "node")}` : plural(hits, "node")
        }</small></h2>
        <span class="spring"></span>
        <input type="search" placeholder="Search by name or op" aria-label="Search nodes by name or op" .value=${view.text}
          @input=${(event: Event) => this.#filter({ text: (event.target as HTMLInputElement).value })}
          @keydown=${(event: KeyboardEvent) => {
            if (event.key === "ArrowDown") this.querySelector<HTMLElement>("[role=tree]")?.focus();
          }}>
        ${select(
          "op-filter",
          "Only nodes with this op",
          [
            { value: "", label: "All ops" },
            ...opCounts(inspection.nodes).map(({ op, count }) => ({ value: op, label: `${op} (${count})` })),
          ],
          view.op,
          (op) => this.#filter({ op }),
        )}
      </div>
      <div class="tree" role="tree" tabindex="0" aria-labelledby="layers-title"
        aria-activedescendant=${rows.length === 0 ? nothing : `row-${active}`}
        @scroll=${this.#onScroll} @keydown=${this.#onKey}>
        ${rows.length === 0 ? html`<p class="dim none">No node fits.</p>` : nothing}
        <div class="spacer" role="none" ${cssVars({ "--rows": String(rows.length) })}>
          ${shown.map((each, offset) => this.#row(each, first + offset, first + offset === active))}
          ${active < first || active >= first + shown.length ? this.#offstage(row, active) : nothing}
        </div>
      </div>
      ${row === undefined ? nothing : this.#details(row)}`;
  }

  /** The row that is read stays in the page, also while it is scrolled out of sight. */
  #offstage(row: TreeRow | undefined, index: number): TemplateResult | typeof nothing {
    return row === undefined ? nothing : this.#row(row, index, true);
  }

  #filter(change: { text?: string; op?: string }): void {
    const box = this.querySelector<HTMLElement>("[role=tree]");
    if (box !== null) box.scrollTop = 0;
    this.from = 0;
    this.store.setView(change);
  }

  #row({ item, level, position, siblings, open }: TreeRow, index: number, active: boolean): TemplateResult {
    const { node, children, parameters } = item;
    const group = children.length > 0;
    return html`<div class="tree-row" role="treeitem" id="row-${index}" aria-level=${level} aria-posinset=${position}
      aria-setsize=${siblings} aria-expanded=${group ? String(open) : nothing} aria-selected=${String(active)}
      aria-label=${rowLabel(item)} ${cssVars({ "--row": String(index), "--level": String(level) })}
      title=${node?.id ?? item.key}
      @click=${() => {
        this.store.setView({ selected: item.key });
        if (group && !isFiltering(this.store.view)) this.store.toggle(item.key, !open);
      }}>
      <span class="twistie">${group ? icon(open ? "chevron-down" : "chevron-right") : nothing}</span>
      <span class="name">${item.name}${node === null ? html` <span class="dim">${plural(item.count, "node")}</span>` : nothing}</span>
      ${item.flagged ? icon(node?.unsupported === true || hasUnsupported(item) ? "error" : "warning", node?.unsupported === true || hasUnsupported(item) ? "bad" : "careful") : html`<span></span>`}
      <span class="op">${node?.op ?? ""}</span>
      <span class="shape dim">${node === null || node.shape === null ? "" : shapeWords(node.shape)}</span>
      <span class="parameters">${parameters === 0 ? "" : countWords(parameters)}</span>
    </div>`;
  }

  #details({ item }: TreeRow): TemplateResult {
    const { node } = item;
    if (node === null) {
      return html`<div class="node-details"><span class="mono">${item.key}</span><span class="dim">${plural(item.count, "node")}, ${countWords(item.parameters)} parameters</span></div>`;
    }
    const facts = [
      node.op,
      node.shape === null ? undefined : shapeWords(node.shape),
      node.dtype ?? undefined,
      node.parameters === undefined ? undefined : `${countWords(node.parameters)} parameters`,
    ];
    return html`<div class="node-details">
      <span class="mono">${node.id}</span>
      <button class="secondary" title="Copy the id (Ctrl+C in the tree): what --output and pathlight.json take" @click=${() => this.#copy(node)}>${icon("copy")}Copy node id</button>
      <span class="dim">${facts.filter((fact) => fact !== undefined).join(" · ")}</span>
      ${node.unsupported === true ? html`<span>${icon("error", "bad")} ${node.reason === undefined ? "Pathlight cannot run this op in an explanation." : `Not supported here: ${node.reason}`}</span>` : nothing}
      ${node.noGradient === true ? html`<span>${icon("warning", "careful")} The gradient cannot pass this node.</span>` : nothing}
    </div>`;
  }
}
customElements.define("pl-layer-tree", LayerTreeView);

function hasUnsupported(item: TreeRow["item"]): boolean {
  return item.children.some((child) => child.node?.unsupported === true || hasUnsupported(child));
}

function rowLabel({ name, node, count, parameters, flagged }: TreeRow["item"]): string {
  const parts = [
    name,
    node === null ? plural(count, "node") : node.op,
    node === null || node.shape === null ? undefined : shapeWords(node.shape),
    parameters === 0 ? undefined : `${countWords(parameters)} parameters`,
    flagged ? flagWords(node) : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}

function flagWords(node: InspectedNode | null): string {
  if (node === null) return "holds nodes that cannot be explained";
  return node.unsupported === true ? "not supported" : "the gradient cannot pass";
}
