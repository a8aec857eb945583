import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { deserialize, serialize } from "node:v8";
import * as vscode from "vscode";
import { z } from "zod";
import { PathlightError } from "../common/errors.ts";
import { explainRequestSchema } from "../protocol/explain.ts";
import { type Explanation, explanationSchema } from "../protocol/explanation.ts";
import { historyItemSchema, type Shown } from "../protocol/panel.ts";
import { scoreKind } from "../protocol/targetWords.ts";
import { relativeSumError, verdictOf } from "../protocol/verdict.ts";
import { explanationSummary } from "./editor/explanationSummary.ts";
import { textKeyOf } from "./editor/textKey.ts";

const recordSchema = z.strictObject({
  item: historyItemSchema,
  request: explainRequestSchema,
  runId: z.string(),
  kind: z.enum(["image", "rows", "tensor", "text", "file"]),
  /** File beside the index, named by its content, so that explanations of one sample share it. */
  picture: z.strictObject({ file: z.string(), mime: z.string() }).nullable(),
  /** Prediction of the sample: the label and score of the first one. */
  prediction: z.string().nullable(),
  /** Small picture with the map on it, for the hover. */
  thumbnail: z.string().nullable(),
  /** Of a row of text: which texts they were, and the explanation in a line and in a few. */
  row: z
    .strictObject({ columns: z.array(z.string()), key: z.string(), title: z.string(), details: z.string() })
    .optional(),
});
const indexSchema = z.array(recordSchema);

export type HistoryRecord = z.output<typeof recordSchema>;
type NewRecord = Pick<HistoryRecord, "request" | "kind" | "prediction">;

/** Earlier explanations, kept on disk under the workspace's storage: an index, and one file an explanation. */
export class History implements vscode.Disposable {
  readonly #folder: string;
  readonly #size: () => number;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  #records: HistoryRecord[] = [];
  readonly #loaded: Promise<void>;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string, size: () => number, onProblem: (error: unknown) => void) {
    this.#folder = folder;
    this.#size = size;
    this.#loaded = this.#load().catch(onProblem);
  }

  /** Newest first. */
  get records(): readonly HistoryRecord[] {
    return this.#records;
  }

  get ready(): Promise<void> {
    return this.#loaded;
  }

  find(id: string): HistoryRecord | undefined {
    return this.#records.find((record) => record.item.id === id);
  }

  /** The newest explanation of a file, or of one row of it. */
  lastOf(file: string, row: number | undefined): HistoryRecord | undefined {
    return this.#records.find(({ request }) => {
      const sample = request.samples[0]?.sample;
      return sample?.kind === "file" && sample.path === file && sample.row === row;
    });
  }

  /** Keeps an explanation; one of the same run takes the place of the earlier, less settled one. */
  async add(shown: Shown, about: NewRecord, warnAbove: number): Promise<HistoryRecord> {
    await this.#loaded;
    const { explanation, picture } = shown;
    const earlier = this.#records.find((record) => record.runId === explanation.runId);
    const id = earlier?.item.id ?? randomUUID();
    await mkdir(path.join(this.#folder, "pictures"), { recursive: true });
    const record: HistoryRecord = {
      ...about,
      item: itemOf(id, explanation, warnAbove),
      runId: explanation.runId,
      picture: picture === null ? null : { file: await this.#keepPicture(picture.bytes), mime: picture.mime },
      thumbnail: null,
      ...rowOf(explanation, warnAbove),
    };
    await replaceFile(this.#file(id), serialize(explanation));
    this.#records = [record, ...this.#records.filter((other) => other.item.id !== id)];
    await this.#prune();
    return record;
  }

  async setThumbnail(id: string, png: Uint8Array): Promise<void> {
    const record = this.find(id);
    if (record === undefined) return;
    const file = path.join("pictures", `${id}.png`);
    await replaceFile(path.join(this.#folder, file), png);
    this.#records = this.#records.map((other) => (other.item.id === id ? { ...other, thumbnail: file } : other));
    await this.#save();
  }

  pathOf(file: string): string {
    return path.join(this.#folder, file);
  }

  async load(id: string): Promise<Shown> {
    await this.#loaded;
    const record = this.find(id);
    if (record === undefined) throw gone(id);
    let explanation: unknown;
    try {
      explanation = deserialize(await readFile(this.#file(id)));
    } catch (error) {
      throw gone(id, error);
    }
    const parsed = explanationSchema.safeParse(explanation);
    if (!parsed.success) throw gone(id, parsed.error);
    const { picture } = record;
    if (picture === null) return { explanation: parsed.data, picture: null };
    const bytes = new Uint8Array(await readFile(this.pathOf(picture.file)));
    return { explanation: parsed.data, picture: { bytes, mime: picture.mime } };
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.#loaded;
    const doomed = this.#records.filter((record) => ids.includes(record.item.id));
    this.#records = this.#records.filter((record) => !ids.includes(record.item.id));
    await this.#forget(doomed);
    await this.#save();
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #file(id: string): string {
    return path.join(this.#folder, `${id}.explanation`);
  }

  async #load(): Promise<void> {
    let text: string;
    try {
      text = await readFile(path.join(this.#folder, "index.json"), "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
      throw error;
    }
    const parsed = indexSchema.safeParse(JSON.parse(text));
    if (!parsed.success)
      throw new PathlightError("internal", `The history cannot be read: ${z.prettifyError(parsed.error)}`);
    this.#records = parsed.data;
    this.#changed.fire();
  }

  async #prune(): Promise<void> {
    const doomed = this.#records.slice(this.#size());
    this.#records = this.#records.slice(0, this.#size());
    await this.#forget(doomed);
    await this.#save();
  }

  async #forget(doomed: readonly HistoryRecord[]): Promise<void> {
    const kept = new Set(this.#records.map((record) => record.picture?.file));
    for (const { item, picture, thumbnail } of doomed) {
      const files = [this.#file(item.id)];
      if (picture !== null && !kept.has(picture.file)) files.push(this.pathOf(picture.file));
      if (thumbnail !== null) files.push(this.pathOf(thumbnail));
      for (const file of files) await rm(file, { force: true });
    }
  }

  async #keepPicture(bytes: Uint8Array): Promise<string> {
    const file = path.join("pictures", createHash("sha256").update(bytes).digest("hex"));
    await replaceFile(this.pathOf(file), bytes);
    return file;
  }

  #save(): Promise<void> {
    this.#changed.fire();
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#writeIndex());
    return this.#writing;
  }

  async #writeIndex(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await replaceFile(path.join(this.#folder, "index.json"), JSON.stringify(this.#records));
  }
}

/** Written aside and renamed, so that a window closed in the middle leaves the old file. */
async function replaceFile(file: string, data: Uint8Array | string): Promise<void> {
  const aside = `${file}.${process.pid}.${randomUUID()}.part`;
  await writeFile(aside, data);
  await rename(aside, file);
}

function itemOf(id: string, explanation: Explanation, warnAbove: number): HistoryRecord["item"] {
  const { kind } = verdictOf(explanation, warnAbove);
  return {
    id,
    at: explanation.finishedAt ?? new Date().toISOString(),
    sample: explanation.sample.title,
    model: explanation.model.name,
    target: explanation.target.label,
    baseline: explanation.baseline.label,
    link: scoreKind(explanation.target),
    verdict: kind === "sharpening" ? "draft" : kind,
    sumOff: relativeSumError(explanation),
    evaluations: explanation.evaluations,
  };
}

function rowOf(explanation: Explanation, warnAbove: number): Pick<HistoryRecord, "row"> {
  const texts = textKeyOf(explanation.attributions.filter((one) => one.kind === "text"));
  if (texts === null) return {};
  const { title, details, distrusted } = explanationSummary(explanation, warnAbove);
  return {
    row: { columns: [...texts.columns], key: texts.key, title: `${distrusted ? "$(warning) " : ""}${title}`, details },
  };
}

function gone(id: string, cause?: unknown): PathlightError {
  return new PathlightError(
    "run-unknown",
    "This explanation is no longer kept, or its file cannot be read.",
    { found: id, whatToDo: "Explain the sample again." },
    cause,
  );
}
