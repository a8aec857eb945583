import { noChange } from "lit";
import { type AttributePart, Directive, directive, type ElementPart, type PartInfo, PartType } from "lit/directive.js";

/** Sets custom properties or styles through the CSSOM: a strict CSP forbids style attributes, also those set by templates. */
class CssVars extends Directive {
  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("cssVars stands on an element, not on an attribute.");
  }

  render(_values: Readonly<Record<string, string>>): typeof noChange {
    return noChange;
  }

  override update(part: AttributePart | ElementPart, [values]: [Readonly<Record<string, string>>]): typeof noChange {
    const { element } = part;
    if (element instanceof HTMLElement || element instanceof SVGElement) {
      for (const [name, value] of Object.entries(values)) element.style.setProperty(name, value);
    }
    return noChange;
  }
}

export const cssVars = directive(CssVars);
