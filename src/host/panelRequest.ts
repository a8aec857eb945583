import * as vscode from "vscode";
import { columnSamples } from "../protocol/columnSamples.ts";
import type { ModelInfo } from "../protocol/compute.ts";
import { type ExplainRequest, type Settings, settingsSchema } from "../protocol/explain.ts";
import type { PanelState } from "../protocol/panel.ts";
import { usualTextColumn } from "../protocol/rows.ts";
import { baselineChoices, baselineOfEntry, withCurrent } from "./baselineChoices.ts";
import { textColumnsOf } from "./dataColumns.ts";
import { readDataText } from "./dataText.ts";
import { settings } from "./settings.ts";
import { type Subject, samplePath } from "./subject.ts";

type Options = PanelState["options"];

/** Settings of a fresh explanation: the model's own from the manifest, then the user's. */
export function initialSettings(subject: Subject | undefined): Settings {
  const entry = subject?.model.ref.entry;
  const file = subject === undefined ? undefined : samplePath(subject.sample.sample);
  const scope = file === undefined ? undefined : vscode.Uri.file(file);
  const tolerance = entry?.tolerance ?? settings.tolerance(scope);
  const baseline = baselineOfEntry(entry?.baseline, subject?.model.ref.baseFolder);
  return settingsSchema.parse({
    backend: settings.backend(),
    maxEvaluations: settings.maxEvaluations(scope),
    ...(entry === undefined ? {} : { link: entry.link }),
    ...(entry?.targetExpression === undefined
      ? {}
      : { target: { kind: "expression", expression: entry.targetExpression } }),
    ...(entry?.output === undefined ? {} : { output: entry.output }),
    ...(tolerance === undefined ? {} : { tolerance }),
    ...(baseline === undefined ? {} : { baseline }),
  });
}

export function requestFor({ sample, model }: Subject, wanted: Settings): ExplainRequest {
  const ref = sample.sample;
  const { blanked } = sample;
  const shared = { model: model.ref, settings: wanted, ...(blanked === undefined ? {} : { blanked }) };
  if (sample.asked !== undefined) return { ...shared, samples: [...sample.asked] };
  const { text, label } = model.dataset ?? {};
  const labelled =
    ref.kind === "file" && ref.row !== undefined ? { ...ref, labelColumn: ref.labelColumn ?? label } : ref;
  return { ...shared, samples: columnSamples(labelled, text) };
}

/** What the panel's fields offer; `info` once the model is loaded. */
export async function panelOptions(subject: Subject, info: ModelInfo | undefined, wanted: Settings): Promise<Options> {
  const { entry, baseFolder } = subject.model.ref;
  const choices = await baselineChoices(entry ?? info?.inferred.entry, baseFolder ?? info?.inferred.baseFolder);
  return {
    baselines: withCurrent(choices, wanted.baseline),
    backends: [
      { id: "auto", label: "Automatic", preference: "auto" },
      { id: "tensorflow", label: "TensorFlow", preference: "tensorflow" },
      { id: "wasm", label: "WebAssembly", preference: "wasm" },
      { id: "cpu", label: "JavaScript", preference: "cpu" },
    ],
    links: linksOf(subject, info, wanted),
    columns: await columnsOf(subject),
    outputs: outputsOf(info),
  };
}

function outputsOf(info: ModelInfo | undefined): Options["outputs"] {
  return (info?.heads ?? []).map((head) => {
    const spec = info?.outputs.find(({ id }) => id === head.output);
    return { id: head.output, shape: spec?.shape.slice(1) ?? [], logit: head.logit, activation: head.activation };
  });
}

/** The logit, and the probability behind it where the model has one. */
function linksOf(subject: Subject, info: ModelInfo | undefined, wanted: Settings): Options["links"] {
  const logit = { id: "logit", label: "Logit" };
  const softmax = { id: "softmax", label: "Softmax" };
  const sigmoid = { id: "sigmoid", label: "Sigmoid" };
  const head = info?.heads.find(({ output }) => output === wanted.output) ?? info?.heads[0];
  if (head?.activation === "softmax") return [logit, softmax];
  if (head?.activation === "sigmoid") return [logit, sigmoid];
  const task = subject.model.ref.entry?.task ?? info?.inferred.entry.task;
  if (task === "regression") return [{ id: "logit", label: "Value" }];
  if (task === "multi-label") return [logit, sigmoid];
  return [logit, wanted.link === "sigmoid" ? sigmoid : softmax];
}

/** The text columns of a row's file, the one that is read first. */
async function columnsOf({ sample, model }: Subject): Promise<Options["columns"]> {
  const ref = sample.sample;
  if (ref.kind !== "file" || ref.row === undefined) return [];
  try {
    const { text } = await readDataText(ref.path);
    const names = textColumnsOf(ref.path, text, ref.row);
    const own = model.dataset?.text;
    // What is read from several columns at once is not changed by the choice of one.
    if (names.length < 2 || typeof own === "object" || ref.secondColumn !== undefined) return [];
    const read = ref.column ?? own ?? usualTextColumn(names);
    return names.toSorted((a, b) => Number(b === read) - Number(a === read)).map((name) => ({ id: name, label: name }));
  } catch {
    // The compute process reports an unreadable file; there is then no column to choose.
    return [];
  }
}
