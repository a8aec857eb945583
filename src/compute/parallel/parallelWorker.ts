import { errorLine, PathlightError, toPathlightError } from "../../common/errors.ts";
import type { PathSamples } from "../../engine/pathIntegrand.ts";
import { Client } from "../../rpc/channel.ts";
import type { ScorePath } from "../scorePath.ts";
import { type ModelSource, workerContract } from "./workerContract.ts";
import type { WorkerThread } from "./workerThread.ts";

export type Answer = { readonly samples: PathSamples } | { readonly error: PathlightError };

/** A worker with one model, seen from the main thread. No call rejects, and none hangs once the thread has ended. */
export class ParallelWorker {
  readonly #thread: WorkerThread;
  readonly #client: Client<typeof workerContract>;
  #isReady = false;

  /** `onFailed` is told once when the worker cannot be used any more, unless `end` was called. */
  constructor(thread: WorkerThread, source: ModelSource, onFailed: (worker: ParallelWorker, why: string) => void) {
    this.#thread = thread;
    this.#client = new Client(workerContract, thread);
    let failed = false;
    const fail = (why: string): void => {
      if (!failed) onFailed(this, why);
      failed = true;
    };
    thread.onEnd((why) => {
      this.#isReady = false;
      this.#client.close(new PathlightError("compute-died", `The worker has ended: ${why}.`));
      fail(`it ended unexpectedly: ${why}`);
    });
    this.#client.call("open", source).then(
      () => {
        this.#isReady = true;
      },
      (error: unknown) => fail(`it could not load the model: ${errorLine(toPathlightError(error))}`),
    );
  }

  /** The model is loaded. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Sets the path of the evaluations that follow; what is wrong with it, they say. */
  begin(path: ScorePath): void {
    this.#client.call("begin", path).catch(() => undefined);
  }

  evaluate(alphas: readonly number[]): Promise<Answer> {
    return this.#client.call("evaluate", { alphas }).then(
      (samples) => ({ samples }),
      (error: unknown) => ({ error: toPathlightError(error) }),
    );
  }

  async end(): Promise<void> {
    this.#isReady = false;
    this.#client.close(new PathlightError("compute-died", "The worker was ended."));
    await this.#thread.end();
  }
}
