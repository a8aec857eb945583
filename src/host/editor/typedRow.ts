import * as vscode from "vscode";
import { PathlightError } from "../../common/errors.ts";
import { rowKind } from "../../protocol/rows.ts";
import type { ModelTarget, SampleTarget } from "../subject.ts";
import { rowSpan } from "./anchorReaders.ts";
import { readLive } from "./liveText.ts";
import { rowColumn } from "./rowColumn.ts";
import { textOfDocument } from "./vscodeText.ts";

/**
 * A row of a file that is open with changes, as it stands in the editor: on disk there may be another row at its place. Any
 * other sample as it is, and so is a row that the model reads as numbers. Throws `sample-unreadable` for a broken row.
 */
export function typedRow(target: SampleTarget, { ref, dataset }: ModelTarget): SampleTarget {
  const { sample } = target;
  if (sample.kind !== "file" || sample.row === undefined) return target;
  const { path, row } = sample;
  const kind = rowKind(path);
  const readsText = ref.entry?.inputs.some((input) => input.kind === "text") ?? true;
  const document = vscode.workspace.textDocuments.find(
    ({ uri }) => uri.toString() === vscode.Uri.file(path).toString(),
  );
  if (document?.isDirty !== true || kind === null || !readsText) return target;
  const text = textOfDocument(document);
  const region = rowSpan(text, kind, row);
  if (region === null) return target;
  const column = kind === "txt" ? "text" : (sample.column ?? rowColumn(path, document.getText(), row, dataset));
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
    place: { uri: document.uri.toString(), ...place, source },
  };
}
