import * as vscode from "vscode";
import type { TextAttribution } from "../../protocol/explanation.ts";
import { rowKind } from "../../protocol/rows.ts";
import type { SampleTarget } from "../subject.ts";
import { type AnchorReader, rowReader, rowSpan, selectionReader, wholeReader } from "./anchorReaders.ts";
import type { DocumentText } from "./documentText.ts";
import type { Span } from "./writtenText.ts";

/** Where in which document a sample stands, and how what was explained of it is found there. */
export interface HighlightTarget {
  readonly uri: vscode.Uri;
  /** Where it stands in the document as it is now; null: it is found when the explanation is there. */
  region(document: DocumentText): Span | null;
  reader(attributions: readonly TextAttribution[]): AnchorReader;
}

/** Null: a sample that no text editor shows, or of which it is not known where it stands. */
export function highlightTarget({ sample, place }: SampleTarget): HighlightTarget | null {
  if (sample.kind === "file") {
    const uri = vscode.Uri.file(sample.path);
    const { row } = sample;
    const kind = rowKind(sample.path);
    if (row === undefined) return { uri, region: () => null, reader: wholeReader };
    if (kind === null) return null;
    return {
      uri,
      region: (document) => rowSpan(document, kind, row),
      reader: (attributions) => rowReader(kind, row, attributions),
    };
  }
  const { row, origin } = sample;
  const path = place === undefined ? origin : vscode.Uri.parse(place.uri).path;
  const kind = path === undefined ? null : rowKind(path);
  if (row !== undefined && kind !== null && path !== undefined) {
    return {
      uri: place === undefined ? vscode.Uri.file(path) : vscode.Uri.parse(place.uri),
      region: () => place ?? null,
      reader: (attributions) => rowReader(kind, undefined, attributions),
    };
  }
  if (place === undefined) return null;
  return {
    uri: vscode.Uri.parse(place.uri),
    region: () => place,
    reader: (attributions) => selectionReader(place.source, place, attributions),
  };
}
