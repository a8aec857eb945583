import { noChange } from "lit";
import { type AttributePart, Directive, directive, type ElementPart } from "lit/directive.js";

/**
 * Selects the option of this value after the options have been drawn: a property binding on the list comes before them,
 * and the `selected` of an option counts no more once somebody has chosen.
 */
class SelectedValue extends Directive {
  render(_value: string): typeof noChange {
    return noChange;
  }

  override update(part: AttributePart | ElementPart, [value]: [string]): typeof noChange {
    const { element } = part;
    queueMicrotask(() => {
      if (element instanceof HTMLSelectElement && element.value !== value) element.value = value;
    });
    return noChange;
  }
}

export const selectedValue = directive(SelectedValue);
