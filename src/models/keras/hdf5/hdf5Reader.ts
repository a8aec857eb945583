import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { cancelled, PathlightError } from "../../../common/errors.ts";
import { modelInvalid } from "../../disk/modelErrors.ts";
import { type Hdf5Contents, type Hdf5Job, type Hdf5Message, hdf5MessageSchema } from "./hdf5Contents.ts";

/** How long something may take: in processor time of this process, since a busy machine is no reason to give up. */
interface Patience {
  /** Seconds without a word from the worker. */
  readonly stall: number;
  readonly whole: number;
}

const starting: Patience = { stall: 20, whole: 20 };
/** A file is read within 1.5 s and half a second for each of its megabytes, or it is not a model. */
const reading = (bytes: number): Patience => ({ stall: 1.5, whole: 1.5 + bytes * 5e-7 });
/** On the clock it may be this much longer. */
const clockFactor = 40;
const checkMilliseconds = 50;

/** Parses HDF5 in a thread of its own, one file after another. Whoever creates it disposes it, which frees its memory. */
export class Hdf5Reader {
  #worker: Promise<Worker> | undefined;

  /**
   * The contents of a file, with those text `attributes` of its groups; `file` is for error messages. `bytes` are taken over where they own their buffer. Errors:
   * `model-invalid`, also where the parser does not end or needs too much memory; `cancelled`.
   */
  async read(
    file: string,
    bytes: Uint8Array,
    attributes: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Hdf5Contents> {
    this.#worker ??= startWorker();
    const worker = await this.#worker;
    const patience = reading(bytes.byteLength);
    // Optimizer states can be twice as large as the weights, and nothing here needs them.
    const job: Hdf5Job = { bytes, skip: ["optimizer_weights", "optimizer"], attributes };
    const transfer = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
    const answer = await messageOf(worker, patience, signal, () => {
      worker.postMessage(job, transfer ? [bytes.buffer as ArrayBuffer] : []);
    }).catch(async (thrown: unknown) => {
      await this.dispose();
      throw thrown instanceof PathlightError ? thrown : unreadable(file, String(thrown));
    });
    if (answer.kind === "contents") return answer.contents;
    if (answer.kind !== "failed" || answer.retire) await this.dispose();
    throw unreadable(file, answer.kind === "failed" ? answer.reason : "an answer out of turn");
  }

  async dispose(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker !== undefined) await (await worker).terminate();
  }
}

async function startWorker(): Promise<Worker> {
  // From a bundle the worker is a bundle beside it; from source it needs the loader of TypeScript for itself.
  const bundled = new URL("hdf5Worker.js", import.meta.url);
  const source = new URL("hdf5Worker.ts", import.meta.url).href;
  const fromSource = `import("tsx/esm/api").then(({ register }) => { register(); return import("${source}"); })`;
  const worker = existsSync(bundled) ? new Worker(bundled) : new Worker(fromSource, { eval: true, execArgv: [] });
  worker.unref();
  await messageOf(worker, starting, undefined, () => {}).catch(async (cause: unknown) => {
    await worker.terminate();
    throw new PathlightError("internal", "The reader of HDF5 files does not start.", { found: String(cause) }, cause);
  });
  return worker;
}

/** Counts processor time, and the time on the wall beside it. */
class Clock {
  readonly #used = process.cpuUsage();
  readonly #started = performance.now();

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  isPast(limit: number): boolean {
    const { user, system } = process.cpuUsage(this.#used);
    return (user + system) / 1e6 > limit || this.seconds > clockFactor * limit;
  }
}

/** The next message of a worker, or a reason in words. Listens before it acts. */
function messageOf(
  worker: Worker,
  patience: Patience,
  signal: AbortSignal | undefined,
  act: () => void,
): Promise<Hdf5Message> {
  return new Promise((resolve, reject) => {
    const begin = new Clock();
    let word = begin;
    const timer = setInterval(() => {
      if (!begin.isPast(patience.whole) && !word.isPast(patience.stall)) return;
      end(() => reject(`a file that is still not read after ${begin.seconds.toFixed(1)} s`));
    }, checkMilliseconds);
    const onMessage = (message: unknown) => {
      const checked = hdf5MessageSchema.safeParse(message);
      if (checked.success && checked.data.kind === "progress") {
        word = new Clock();
        return;
      }
      end(() => (checked.success ? resolve(checked.data) : reject(`values of another kind: ${checked.error.message}`)));
    };
    const onError = (error: unknown) => end(() => reject(error instanceof Error ? error.message : String(error)));
    const onExit = () => end(() => reject("a file that ends the reader"));
    const onAbort = () => end(() => reject(cancelled()));
    const end = (settle: () => void) => {
      clearInterval(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      signal?.removeEventListener("abort", onAbort);
      settle();
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    else act();
  });
}

function unreadable(file: string, reason: string): PathlightError {
  return modelInvalid(
    file,
    "The HDF5 file cannot be read.",
    "a complete HDF5 file of groups and datasets",
    inShort(reason),
    "Copy the file again, or save the model again.",
  );
}

/** The C library tells of an error from the inside out, a place in its code on each line; the first reason is the cause. */
function inShort(reason: string): string {
  if (!reason.startsWith("HDF5-DIAG")) return (reason.split("\n")[0] ?? "").slice(0, 300);
  const reasons = reason.split("\n").map((line) => /#\d+: .*?: (.*)$/.exec(line)?.[1]);
  return (reasons.findLast((each) => each !== undefined) ?? "a file that is no HDF5 file").slice(0, 300);
}
