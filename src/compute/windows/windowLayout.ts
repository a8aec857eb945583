import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel } from "../../engine/port.ts";
import type { PreparedInput } from "../prepareInputs.ts";
import { WindowedModel, type WindowLayout } from "./windowedModel.ts";

/** How the text among the inputs is read in windows; undefined where none is. Throws `usage` for several such texts. */
export function windowLayout(inputs: readonly PreparedInput[]): WindowLayout | undefined {
  const [found, other] = inputs.flatMap(({ spec, prepared }) =>
    prepared.kind === "text" && prepared.windows !== undefined
      ? [{ input: spec.id, places: prepared.windows.places }]
      : [],
  );
  if (found !== undefined && other !== undefined) {
    throw new PathlightError("usage", "Two texts of the model are too long, and only one can be read in windows.", {
      expected: "one text that is longer than the model takes",
      found: `${found.input} and ${other.input}`,
      whatToDo: "Shorten one of them, or read them cut.",
    });
  }
  return found;
}

/** By the layout, then by the model: what is known of a model is kept by the model. */
const known = new WeakMap<WindowLayout, WeakMap<DifferentiableModel, WindowedModel>>();

/** The model as it reads these inputs; the same one for the same layout. */
export function modelFor(model: DifferentiableModel, layout: WindowLayout | undefined): DifferentiableModel {
  if (layout === undefined) return model;
  const ofLayout = known.get(layout) ?? new WeakMap<DifferentiableModel, WindowedModel>();
  const found = ofLayout.get(model) ?? new WindowedModel(model, layout);
  known.set(layout, ofLayout.set(model, found));
  return found;
}

/** The model that reads one window. */
export function withoutWindows(model: DifferentiableModel): DifferentiableModel {
  return model instanceof WindowedModel ? model.inner : model;
}

/** Throws `usage` where a text is read in windows and cannot be: `why` says of whom. */
export function refuseWindows(inputs: readonly PreparedInput[], why: string): void {
  if (windowLayout(inputs) === undefined) return;
  throw new PathlightError("usage", `${why} not read in windows.`, {
    expected: "a text that the model takes, or one that is cut",
    found: "a text that is longer",
    whatToDo: "Shorten the text, or read it cut: --windows off, or without `long` of the text input in pathlight.json.",
  });
}
