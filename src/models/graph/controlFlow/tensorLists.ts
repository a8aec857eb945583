import { type GraphDefNode, outputId, parseReference } from "../graphTopology.ts";

interface List {
  /** References to the tensors that were put in, by their place. */
  readonly elements: readonly (string | undefined)[];
  /** A tensor whose rows the list began with. */
  readonly rows?: string;
}

/** Lists of tensors, which loops gather their outputs in: followed by name while the graph is unrolled, never made. */
export class TensorLists {
  readonly #lists = new Map<string, List>();
  readonly #number: (reference: string) => number | undefined;

  /** `number` tells the value of a constant. */
  constructor(number: (reference: string) => number | undefined) {
    this.#number = number;
  }

  /** Lets another name stand for a list; false where there is none. */
  copy(from: string, to: string): boolean {
    const list = this.#lists.get(outputId(parseReference(from)));
    if (list !== undefined) this.#lists.set(to, list);
    return list !== undefined;
  }

  /** The node that computes the same without a list; `list` where the node only makes one, undefined for other nodes. */
  resolve(node: GraphDefNode, inputs: readonly string[]): GraphDefNode | "list" | undefined {
    const [first = "", second = "", third = ""] = inputs;
    const list = this.#lists.get(first);
    const make = (made: List): "list" => {
      this.#lists.set(node.name, made);
      return "list";
    };
    switch (node.op) {
      case "TensorListReserve": {
        const length = this.#number(second);
        return length === undefined || length < 0
          ? undefined
          : make({ elements: Array<undefined>(length).fill(undefined) });
      }
      case "EmptyTensorList":
        return make({ elements: [] });
      case "TensorListFromTensor":
        return make({ elements: [], rows: first });
      case "TensorListSetItem": {
        const index = this.#number(second);
        if (list === undefined || index === undefined || list.rows !== undefined) return undefined;
        const elements = [...list.elements];
        elements[index] = third;
        return make({ elements });
      }
      case "TensorListPushBack":
        return list === undefined || list.rows !== undefined
          ? undefined
          : make({ elements: [...list.elements, second] });
      case "TensorListGetItem": {
        if (list?.rows !== undefined) return { name: node.name, op: "Gather", input: [list.rows, second] };
        const index = this.#number(second);
        const element = index === undefined ? undefined : list?.elements[index];
        return element === undefined ? undefined : { name: node.name, op: "Identity", input: [element] };
      }
      case "TensorListStack": {
        if (list?.rows !== undefined) return { name: node.name, op: "Identity", input: [list.rows] };
        const elements = list?.elements.filter((element) => element !== undefined) ?? [];
        if (list === undefined || elements.length === 0 || elements.length < list.elements.length) return undefined;
        const attr = { N: { i: String(elements.length) }, axis: { i: "0" } };
        return { name: node.name, op: "Pack", input: elements, attr };
      }
      case "Identity":
        return this.copy(first, node.name) ? "list" : undefined;
      default:
        return undefined;
    }
  }
}
