import * as path from "node:path";
import type * as vscode from "vscode";
import { PathlightError } from "../common/errors.ts";
import type { ManifestModel } from "../protocol/manifest.ts";
import { isFileModel } from "../protocol/readsWholeFiles.ts";
import { type SampleKind, sampleFileExtensions, sampleKindOf } from "./sampleKind.ts";
import { textOfSelection } from "./stringLiteral.ts";
import type { SampleTarget } from "./subject.ts";

/** A whole file as a sample; a row of a data file is `rowTarget`. */
export function fileTarget(file: string, kind: SampleKind): SampleTarget {
  return { kind, sample: { kind: "file", path: file }, title: path.basename(file) };
}

/** `row` is 0-based; people count from 1. */
export function rowTarget(file: string, row: number, column?: string): SampleTarget {
  return {
    kind: "rows",
    sample: { kind: "file", path: file, row, ...(column === undefined ? {} : { column }) },
    title: `${path.basename(file)} · ${row + 1}`,
  };
}

export function textTarget(text: string, origin: string | undefined): SampleTarget {
  const oneLine = text.replaceAll(/\s+/g, " ").trim();
  const title = oneLine.length > 40 ? `“${oneLine.slice(0, 39)}…”` : `“${oneLine}”`;
  return { kind: "text", sample: { kind: "text", text, ...(origin === undefined ? {} : { origin }) }, title };
}

/** A file of any type, as its bytes. */
export function wholeFileTarget(file: string): SampleTarget {
  return { kind: "file", sample: { kind: "file", path: file }, title: path.basename(file) };
}

/** The sample as the model reads it: a model of whole files takes the bytes of a picture as well. */
export function sampleFor(sample: SampleTarget, model: ManifestModel | undefined): SampleTarget {
  const ref = sample.sample;
  if (ref.kind !== "file" || ref.row !== undefined || model === undefined) return sample;
  const own = sampleKindOf(ref.path);
  if (isFileModel(model)) return own === "tensor" ? sample : { ...sample, kind: "file" };
  return sample.kind === "file" && own !== undefined ? { ...sample, kind: own } : sample;
}

/** The text of the selection, or undefined when nothing is selected. */
export function selectionTarget(editor: vscode.TextEditor): SampleTarget | undefined {
  const selected = editor.document.getText(editor.selection);
  if (selected.trim() === "") return undefined;
  const { document, selection } = editor;
  const place = {
    uri: document.uri.toString(),
    start: document.offsetAt(selection.start),
    end: document.offsetAt(selection.end),
    source: selected,
  };
  const origin = document.uri.scheme === "untitled" ? undefined : document.uri.fsPath;
  return { ...textTarget(textOfSelection(selected), origin), place };
}

/** The kind of a file, or a plain refusal. */
export function requireKind(file: string): SampleKind {
  const kind = sampleKindOf(file);
  if (kind !== undefined) return kind;
  throw new PathlightError("sample-unreadable", "Pathlight cannot explain a file of this kind.", {
    file,
    expected: sampleFileExtensions.map((extension) => `.${extension}`).join(", "),
    found: path.extname(file) === "" ? "no extension" : path.extname(file),
    whatToDo:
      "Choose an image, a row of a data file or a .npy tensor, or select text in an editor. A model that reads bytes (a tokenizer with a `window` in pathlight.json) takes any file.",
  });
}
