import { type Ranking, rankByStrength } from "../../src/common/mapLayout.ts";
import type { Explanation } from "../../src/protocol/explanation.ts";
import type { ValueRow } from "../table/valueTable.ts";
import { StoreElement } from "./storeElement.ts";

export interface ListedValue {
  /** Stable over units: of the first value that it is a sum of. */
  readonly index: number;
  readonly text: string;
  /** What stands there in the sample, where that is a number. */
  readonly note?: string;
  readonly value: number;
  readonly error: number | null;
  readonly gradient: number | null;
}

/** A view over values in a row (tokens, features): which is read, and how to move along the ranking. */
export abstract class ValueListView<T extends ListedValue> extends StoreElement {
  abstract get items(): readonly T[];
  abstract cycleGrain(): void;
  #rankedFor: readonly T[] | null = null;
  #ranking: Ranking = { order: new Uint32Array(0), rankOf: new Uint32Array(0) };

  get ranking(): Ranking {
    const { items } = this;
    if (this.#rankedFor !== items) {
      this.#rankedFor = items;
      this.#ranking = rankByStrength(items.map(({ value }) => value));
    }
    return this.#ranking;
  }

  /** Position in `items` of the value that is read; the strongest until the reader moves. */
  get selected(): number {
    const wanted = this.store.view.selectedIndex;
    const strongest = this.ranking.order[0] ?? 0;
    if (wanted === null) return strongest;
    let found = -1;
    let nearest = -1;
    this.items.forEach(({ index }, position) => {
      if (index > wanted || index < nearest) return;
      found = position;
      nearest = index;
    });
    return found < 0 ? strongest : found;
  }

  /** What the table calls a value. */
  protected placeOf(item: T): string {
    return item.text;
  }

  select(position: number): void {
    const item = this.items[position];
    if (item !== undefined) this.store.setView({ selectedIndex: item.index });
  }

  step(by: -1 | 0 | 1): void {
    const { order, rankOf } = this.ranking;
    const rank = (rankOf[this.selected] ?? 1) - 1;
    this.select(order[by === 0 ? 0 : (rank + by + order.length) % order.length] ?? 0);
  }

  /** Largest |value|: the end of the scale, the same for the plain gradient. */
  get limit(): number {
    return Math.abs(this.items[this.ranking.order[0] ?? 0]?.value ?? 0);
  }

  rows(explanation: Explanation): readonly ValueRow[] {
    const { order, rankOf } = this.ranking;
    return Array.from(order, (position) => {
      const item = this.items[position] as T;
      return {
        index: position,
        rank: rankOf[position] as number,
        place: this.placeOf(item),
        value: item.value,
        error: item.error,
        share: explanation.deltaF === 0 ? null : item.value / explanation.deltaF,
        gradient: item.gradient,
      };
    });
  }
}
