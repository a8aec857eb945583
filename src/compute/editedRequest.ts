import { basename, extname } from "node:path";
import { PathlightError } from "../common/errors.ts";
import type { ExplainRequest, SampleRef } from "../protocol/explain.ts";
import { readRowValues } from "../samples/index.ts";

const EDITED = ", edited";

/** The fields of an input's text as they are to be read. */
export interface InputFields {
  readonly input: string;
  readonly fields: readonly { readonly name: string | null; readonly text: string }[];
}

/**
 * The request with texts of ours in place of what its samples say: the columns of a row, a whole text, one for each
 * input. What is not among `inputs` stays. Reads the other columns of a row from its file. Throws `usage` where a text
 * comes from no sample that could say it.
 */
export async function editedRequest(request: ExplainRequest, inputs: readonly InputFields[]): Promise<ExplainRequest> {
  const shares = sharesOf(request.samples, inputs);
  const isSaid = ({ fields }: InputFields): boolean =>
    shares.some((share) => Array.isArray(share) && fields.every((field) => share.includes(field)));
  // An edit that no sample says would be measured as none.
  if (!inputs.every(isSaid)) throw notEditable(false);
  const samples: ExplainRequest["samples"] = [];
  for (const [at, entry] of request.samples.entries()) {
    const own = shares[at];
    if (own === "taken") continue;
    const row = rowKey(entry.sample);
    // Several inputs may read columns of one row, which is then edited as a whole.
    const others = shares.flatMap((share, k) => {
      const sample = request.samples[k]?.sample;
      const isOfRow = sample !== undefined && row !== null && rowKey(sample) === row;
      return isOfRow && share !== undefined && share !== "taken" ? share : [];
    });
    samples.push(own === undefined ? entry : { ...entry, sample: await withTexts(entry.sample, own, others) });
  }
  return { ...request, samples };
}

type Share = InputFields["fields"] | "taken" | undefined;

/** The fields that each sample says; `taken`: it is the second text of a pair, which the one before it says as well. */
function sharesOf(samples: ExplainRequest["samples"], inputs: readonly InputFields[]): Share[] {
  const shares: Share[] = samples.map(() => undefined);
  for (const name of new Set(samples.map(({ input }) => input))) {
    const entries = samples.flatMap(({ input, sample }, at) => (input === name && mayBeText(sample) ? [at] : []));
    const others = new Set(samples.map(({ input }) => input));
    // A sample without a name is of the inputs that nobody else names.
    const own = inputs.filter(({ input }) => (name === undefined ? !others.has(input) : input === name));
    const [first, second] = entries;
    if (first === undefined || own.length === 0) continue;
    if (entries.length === own.length) {
      for (const [k, at] of entries.entries()) shares[at] = own[k]?.fields;
      continue;
    }
    shares[first] = own.flatMap(({ fields }) => fields);
    if (second !== undefined && own.length === 1 && shares[first].length === 2) shares[second] = "taken";
  }
  return shares;
}

function mayBeText(sample: SampleRef): boolean {
  return sample.kind === "text" || extname(sample.path).toLowerCase() !== ".npy";
}

/** Equal for samples that are columns of one row; null for what is none. */
function rowKey(sample: SampleRef): string | null {
  if (sample.kind === "text") return sample.row === undefined ? null : JSON.stringify(sample.row.fields);
  return sample.row === undefined ? null : JSON.stringify([sample.path, sample.row]);
}

/** `fields`: those that are read of this sample; `ofRow`: all that are read of its row. */
async function withTexts(
  sample: SampleRef,
  fields: InputFields["fields"],
  ofRow: InputFields["fields"],
): Promise<SampleRef> {
  const [first] = fields;
  if (first === undefined) return sample;
  const columns = ofRow.flatMap(({ name, text }) => (name === null ? [] : [[name, text] as const]));
  if (sample.kind === "text") {
    const { row } = sample;
    // It no longer stands where the text stood: nothing of it may be shown there.
    const origin = edited(sample.origin === undefined ? "Text" : basename(sample.origin));
    if (row === undefined) {
      const second = fields[1]?.text;
      return { kind: "text", text: first.text, origin, ...(second === undefined ? {} : { second }) };
    }
    const text = fields.find(({ name }) => name === row.column)?.text ?? first.text;
    return { kind: "text", text, origin, row: { ...row, fields: { ...row.fields, ...Object.fromEntries(columns) } } };
  }
  const { path, row } = sample;
  const origin = edited(row === undefined ? basename(path) : `${basename(path)} : row ${row + 1}`);
  if (row === undefined || first.name === null) return { kind: "text", text: first.text, origin };
  const column = fields.find(({ name }) => name !== null && name === sample.column)?.name ?? first.name;
  const text = fields.find(({ name }) => name === column)?.text ?? first.text;
  const others = await rowFields(path, row);
  const secondColumn = sample.secondColumn ?? fields.find(({ name }) => name !== null && name !== column)?.name ?? null;
  const second = secondColumn === null ? {} : { secondColumn };
  return {
    kind: "text",
    text,
    origin,
    row: { column, fields: { ...others, ...Object.fromEntries(columns) }, ...second },
  };
}

/** Says of a sample's title that it is not quite that sample. */
export function edited(title: string): string {
  return title.endsWith(EDITED) ? title : `${title}${EDITED}`;
}

/** All columns of a row that hold text or numbers. */
async function rowFields(path: string, row: number): Promise<Record<string, string>> {
  const { fields } = await readRowValues(path, row);
  const known: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (typeof value === "string" || typeof value === "number") known[name] = String(value);
  }
  return known;
}

/** `usage`: what is shown of the sample is not all that the model reads, so that its text cannot be edited. */
export function notEditable(isCut: boolean): PathlightError {
  return new PathlightError("usage", "The characters of this sample cannot be edited, only blanked.", {
    expected: "a text that is all of what the model reads",
    found: isCut ? "the start and the end of a file" : "token ids, or bytes that are no text",
    whatToDo: "Blank the tokens, or edit the file itself.",
  });
}
