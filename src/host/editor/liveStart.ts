import * as path from "node:path";
import * as vscode from "vscode";
import { PathlightError } from "../../common/errors.ts";
import { locateRows, rowKind } from "../../protocol/rows.ts";
import { initialSettings, requestFor } from "../panelRequest.ts";
import { rowTarget, textTarget } from "../sampleTargets.ts";
import type { Services } from "../services.ts";
import { isLiteral, literalAt, textOfSelection } from "../stringLiteral.ts";
import type { ModelTarget, SampleTarget } from "../subject.ts";
import type { LiveStart } from "./liveMode.ts";
import type { LiveKind } from "./liveText.ts";
import { rowColumn } from "./rowColumn.ts";
import type { Span } from "./writtenText.ts";

interface Place {
  readonly region: Span;
  readonly title: string;
  readonly sample: SampleTarget;
  kind(model: ModelTarget): LiveKind;
}

/** What the cursor or the selection of an editor means, and the model that reads it. Undefined: the user left. */
export async function liveStart(editor: vscode.TextEditor, services: Services): Promise<LiveStart | undefined> {
  const { document } = editor;
  const asked = placeOf(editor);
  // Whoever looks at it in a panel means its model, column and settings.
  const panel = services.panels.all.find(
    ({ subject }) =>
      subject !== undefined && subject.sample.blanked === undefined && isSame(subject.sample, asked.sample),
  );
  const { subject } = panel ?? {};
  const model = subject?.model ?? (await services.models.pick(asked.sample));
  if (model === undefined) return undefined;
  // The question may have taken its time.
  const place = placeOf(editor);
  const kind = place.kind(model);
  const column = subject?.sample.sample.kind === "file" ? subject.sample.sample.column : undefined;
  return {
    document,
    region: place.region,
    title: place.title,
    sample: place.sample,
    model,
    kind: kind.kind === "row" && column !== undefined ? { ...kind, column } : kind,
    asked: (panel?.request ?? requestFor({ sample: place.sample, model }, initialSettings(undefined))).samples,
    settings: () => {
      const shown = panel === undefined ? undefined : services.panels.all.find(({ id }) => id === panel.id);
      return shown?.request?.settings ?? initialSettings({ sample: place.sample, model });
    },
  };
}

function isSame(a: SampleTarget, b: SampleTarget): boolean {
  if (a.sample.kind === "file" && b.sample.kind === "file") {
    return a.sample.path === b.sample.path && a.sample.row === b.sample.row;
  }
  const [one, other] = [a.place, b.place];
  return one !== undefined && one.uri === other?.uri && one.start === other.start && one.end === other.end;
}

function placeOf(editor: vscode.TextEditor): Place {
  const { document, selection } = editor;
  const { uri } = document;
  const rows = uri.scheme === "file" ? rowKind(uri.path) : null;
  const selected = document.getText(selection);
  if (selected.trim() !== "") {
    const start = document.offsetAt(selection.start) + selected.length - selected.trimStart().length;
    const source = selected.trim();
    return textPlace(document, { start, end: start + source.length }, isLiteral(source) ? "literal" : "selection");
  }
  if (rows !== null) return rowPlace(editor, rows);
  const line = document.lineAt(selection.active.line);
  const literal = literalAt(line.text, selection.active.character);
  const lineStart = document.offsetAt(line.range.start);
  if (literal !== undefined) {
    const prefix = /(?:^|[^\w])([A-Za-z]{0,2})$/.exec(line.text.slice(0, literal.start - 1))?.[1]?.length ?? 0;
    return textPlace(
      document,
      { start: lineStart + literal.start - 1 - prefix, end: lineStart + literal.end + 1 },
      "literal",
    );
  }
  if (line.isEmptyOrWhitespace)
    throw nothing("Put the cursor into a row, a line or a string literal, or select the text.");
  const region = { start: lineStart, end: lineStart + line.text.length };
  const place = textPlace(document, region, "selection");
  return { ...place, kind: () => ({ kind: "row", rows: "txt", column: "text" }) };
}

function textPlace(document: vscode.TextDocument, region: Span, kind: "selection" | "literal"): Place {
  const { uri } = document;
  const range = new vscode.Range(document.positionAt(region.start), document.positionAt(region.end));
  const source = document.getText(range);
  const origin = uri.scheme === "untitled" ? undefined : uri.fsPath;
  const target = textTarget(textOfSelection(source), origin);
  return {
    region,
    title: `${path.posix.basename(uri.path)}:${range.start.line + 1}`,
    sample: { ...target, place: { uri: uri.toString(), ...region, source } },
    kind: () => ({ kind }),
  };
}

function rowPlace({ document, selection }: vscode.TextEditor, kind: NonNullable<ReturnType<typeof rowKind>>): Place {
  const file = document.uri.fsPath;
  const text = document.getText();
  const { rows } = locateRows(text, kind);
  const offset = document.offsetAt(selection.active);
  const raw = rows.find(({ start, end }) => offset >= start && offset <= end);
  if (raw === undefined) throw nothing("Put the cursor into a row.");
  const sample = rowTarget(file, raw.row);
  return {
    region: { start: raw.start, end: raw.end },
    title: sample.title,
    sample,
    kind: ({ dataset }) => {
      if (kind === "txt") return { kind: "row", rows: kind, column: "text" };
      return { kind: "row", rows: kind, column: rowColumn(file, text, raw.row, dataset) };
    },
  };
}

function nothing(whatToDo: string): PathlightError {
  return new PathlightError("sample-empty", "There is no text to explain here.", { whatToDo });
}
