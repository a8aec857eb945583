import { relative } from "node:path";
import type { InspectedNode, Inspection } from "../protocol/inspection.ts";
import {
  bytesWords,
  countWords,
  formatNames,
  inputWords,
  outputWords,
  shapeWords,
  taskWords,
} from "../protocol/inspectionWords.ts";
import { opCounts } from "../protocol/opCounts.ts";
import type { Colours } from "./terminal.ts";

const MOST_PLACES = 5;

/** An inspection as text: what the model is, what goes in and out, what stands in the way, then its nodes. */
export function inspectionTable(inspection: Inspection, colour: Colours): string {
  const { name, format, files, fingerprint, parameterCount, task, nodes, problem } = inspection;
  const bytes = files.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
  const facts = [
    ["Format", formatNames[format]],
    ["Size", `${bytesWords(bytes)}, ${countWords(parameterCount)} parameters, ${nodes.length} nodes`],
    ...files.map((file, index) => [
      index === 0 ? "Files" : "",
      `${shortPath(file.path)}${file.bytes === null ? "  missing" : ""}`,
    ]),
    ...(fingerprint === null ? [] : [["Fingerprint", `sha256 ${fingerprint.slice(0, 16)}…`]]),
    ["Task", taskWords(task)],
  ];
  const parts = [
    `${colour.bold(name)}\n${rows(facts)}`,
    ...(problem === null
      ? []
      : [
          section(
            colour.red("It cannot be built"),
            [
              problem.message,
              problem.expected && `Expected ${problem.expected}.`,
              problem.found && `Found ${problem.found}.`,
              problem.whatToDo,
            ]
              .filter((line) => line !== undefined && line !== "")
              .map((line) => `  ${line}`)
              .join("\n"),
          ),
        ]),
    section(
      colour.bold("Inputs"),
      rows(inspection.inputs.map((input) => [input.id, shapeWords(input.shape), input.dtype ?? "", inputWords(input)])),
    ),
    section(
      colour.bold("Outputs"),
      rows(
        inspection.outputs.map((output) => [
          output.id,
          shapeWords(output.shape),
          output.dtype ?? "",
          outputWords(output),
        ]),
      ),
    ),
    ...places(
      colour.red("Ops that Pathlight does not have"),
      nodes.filter(({ unsupported, reason }) => unsupported === true && reason === undefined),
    ),
    ...reasons(
      colour.red("Used in a way that Pathlight does not have"),
      nodes.filter(({ reason }) => reason !== undefined),
    ),
    ...places(
      colour.yellow("Nodes that the gradient cannot pass"),
      nodes.filter(({ noGradient }) => noGradient === true),
    ),
    ...(inspection.gradientsUntried === null || problem !== null
      ? []
      : [section(colour.bold("Gradients"), `  Not tried: ${inspection.gradientsUntried}`)]),
    ...companions(inspection, colour),
    ...(inspection.inferred === null || inspection.inferred.notes.length === 0
      ? []
      : [section(colour.bold("Inferred"), inspection.inferred.notes.map((note) => `  ${note}`).join("\n"))]),
    section(colour.bold("Nodes"), rows(nodes.map(nodeRow))),
  ];
  return `${parts.join("\n\n")}\n`;
}

function nodeRow(node: InspectedNode): string[] {
  const { id, op, shape, parameters, unsupported, noGradient } = node;
  const marks = [unsupported && "not supported", noGradient && "no gradient"].filter(Boolean).join(", ");
  return [id, op, shapeWords(shape), parameters === undefined ? "" : countWords(parameters), marks];
}

function places(title: string, nodes: readonly InspectedNode[]): string[] {
  if (nodes.length === 0) return [];
  const lines = opCounts(nodes).map(({ op, count, nodes: ids }) => {
    const more = count > MOST_PLACES ? `, … ${count - MOST_PLACES} more` : "";
    return [op, `${count} ×`, ids.slice(0, MOST_PLACES).join(", ") + more];
  });
  return [section(title, rows(lines))];
}

function reasons(title: string, nodes: readonly InspectedNode[]): string[] {
  return nodes.length === 0 ? [] : [section(title, rows(nodes.map(({ id, op, reason }) => [op, id, reason ?? ""])))];
}

function companions({ companions: files }: Inspection, colour: Colours): string[] {
  if (files.length === 0) return [];
  return [
    section(
      colour.bold("Beside it"),
      rows(files.map(({ path, what, used }) => [shortPath(path), what, used ? "used" : "not used"])),
    ),
  ];
}

function section(title: string, text: string): string {
  return `${title}\n${text}`;
}

/** Columns as wide as their widest cell; the last one is free. */
function rows(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [column, cell] of line.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return lines
    .map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}

function shortPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near !== "" && !near.startsWith("..") ? near : path;
}
