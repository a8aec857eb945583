import * as vscode from "vscode";
import { PathlightError } from "../../common/errors.ts";
import { rowKind } from "../../protocol/rows.ts";
import type { ModelTarget, SampleTarget } from "../subject.ts";
import { rowSpan } from "./anchorReaders.ts";
import { textOfString } from "./documentText.ts";
import { readLive } from "./liveText.ts";
import { rowColumn } from "./rowColumn.ts";

/** A file that is open with changes, as it stood in the editor at one moment. */
export interface TypedFile {
  readonly uri: string;
  readonly text: string;
}

/** The file of a sample as it stands in the editor now; undefined where the editor has no changes of it. */
export function typedFile({ sample }: SampleTarget): TypedFile | undefined {
  if (sample.kind !== "file" || sample.row === undefined) return undefined;
  const uri = vscode.Uri.file(sample.path).toString();
  const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri);
  return document?.isDirty === true ? { uri, text: document.getText() } : undefined;
}

/**
 * A row as it stood in the editor when it was asked for: on disk, or in the editor a moment later, there may be another
 * row at its place. Any other sample as it is, and so is a row that the model reads as numbers. Throws
 * `sample-unreadable` for a broken row.
 */
export function typedRow(
  target: SampleTarget,
  typed: TypedFile | undefined,
  { ref, dataset }: ModelTarget,
): SampleTarget {
  const { sample } = target;
  if (typed === undefined || sample.kind !== "file" || sample.row === undefined) return target;
  const { path, row } = sample;
  const text = textOfString(typed.text);
  const kind = rowKind(path);
  const readsText = ref.entry?.inputs.some((input) => input.kind === "text") ?? true;
  if (kind === null || !readsText) return target;
  const region = rowSpan(text, kind, row);
  if (region === null) return target;
  const column = kind === "txt" ? "text" : (sample.column ?? rowColumn(path, typed.text, row, dataset));
  const reading = readLive(text, region, { kind: "row", rows: kind, column }, region.start, path);
  if ("problem" in reading) {
    throw new PathlightError("sample-unreadable", reading.problem, {
      file: path,
      found: `row ${row + 1}, as it stands in the editor`,
      whatToDo: "Correct the row and explain it again.",
    });
  }
  const { place, source } = reading;
  return {
    kind: "text",
    sample: reading.sample,
    title: target.title,
    place: { uri: typed.uri, ...place, source },
  };
}
