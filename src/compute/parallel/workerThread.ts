import { Worker } from "node:worker_threads";
import type { Port } from "../../rpc/channel.ts";

/** A thread that answers `workerContract`. */
export interface WorkerThread extends Port {
  /** Told once, when the thread has ended for any reason; why, as the end of a sentence. */
  onEnd(listener: (why: string) => void): void;
  /** Ends the thread, also in the middle of a kernel. */
  end(): Promise<void>;
}

/** Starts the bundled worker. It does not keep the process alive: whoever waits for an answer does. */
export function startWorkerThread(entry: string, log: (message: string) => void): WorkerThread {
  // Standard output belongs to the results of the command line, and flags of this process are not the worker's.
  const worker = new Worker(entry, { execArgv: [], stdout: true, stderr: true, name: "pathlight" });
  worker.unref();
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => log(text.trimEnd()));
  }
  let why: string | undefined;
  worker.on("error", (error) => {
    why ??= error instanceof Error ? error.message : String(error);
  });
  return {
    post: (message) => worker.postMessage(message),
    listen: (listener) => worker.on("message", listener),
    onEnd: (listener) => worker.once("exit", (code) => listener(why ?? `it exited with code ${code}`)),
    end: async () => {
      await worker.terminate();
    },
  };
}
