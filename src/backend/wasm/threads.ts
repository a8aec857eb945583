import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/** Taken before `startWithThreads` puts another in its place; a bundle reads the import anew at each use. */
const NodeWorker = Worker;

/** What a thread needs: its script, and the folder of tfjs's module for it. */
export interface ThreadFiles {
  readonly script: string;
  readonly folder: string;
}

/** The files of the threads: beside the .wasm files in a bundle, else in the npm package. */
export function threadFiles(wasmFolder: string, packageOfTfjs: string | undefined): ThreadFiles | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [
    { script: join(wasmFolder, "worker.cjs"), folder: wasmFolder },
    { script: join(here, "worker.cjs"), folder: join(packageOfTfjs ?? wasmFolder, "wasm-out") },
  ];
  return places.find(
    ({ script, folder }) => existsSync(script) && existsSync(join(folder, "tfjs-backend-wasm-threaded-simd.worker.js")),
  );
}

/**
 * Runs tfjs's start of its threaded module under Node, for which its authors left threads off: the module makes eight
 * workers whether it needs them or not, starts them from a blob, and takes half of the machine's processors at most.
 * For the time of the start it sees a stand-in for each worker, which becomes a thread when one is really begun, and as
 * many processors as give `threads` (the calling thread counts as one). Rejects when a thread does not come up.
 */
export async function startWithThreads(
  threads: number,
  files: ThreadFiles,
  start: () => Promise<boolean>,
): Promise<boolean> {
  const require = createRequire(import.meta.url);
  // The very objects that the module gets from `require`; an import would give a view that cannot be changed.
  const workers = require("node:worker_threads") as { Worker: unknown };
  const os = require("node:os") as { cpus: () => unknown[] };
  const { Worker: workerBefore } = workers;
  const { cpus: cpusBefore } = os;
  const begun: Promise<void>[] = [];
  workers.Worker = class extends PoolWorker {
    constructor() {
      super(files, (ready) => begun.push(ready));
    }
  };
  os.cpus = () => new Array(2 * threads).fill({});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // Also what keeps the process alive while nothing but threads, which do not, is under way.
    timer = setTimeout(() => reject(new Error("the threads did not start in time")), 30_000);
  });
  try {
    const ok = await Promise.race([start(), late]);
    await Promise.race([Promise.all(begun), late]);
    return ok;
  } finally {
    clearTimeout(timer);
    workers.Worker = workerBefore;
    os.cpus = cpusBefore;
  }
}

interface PoolMessage {
  readonly cmd?: string;
}

/** Stands in the module's pool for a worker, and is one from the first message that is more than preparation. */
class PoolWorker extends EventEmitter {
  readonly #files: ThreadFiles;
  readonly #onBegin: (ready: Promise<void>) => void;
  #load: PoolMessage | undefined;
  #worker: Worker | undefined;

  constructor(files: ThreadFiles, onBegin: (ready: Promise<void>) => void) {
    super();
    this.#files = files;
    this.#onBegin = onBegin;
  }

  postMessage(message: PoolMessage): void {
    if (message.cmd === "load") {
      this.#load = message;
      setImmediate(() => this.emit("message", { cmd: "loaded" }));
      return;
    }
    this.#worker ??= this.#begin();
    this.#worker.postMessage(message);
  }

  #begin(): Worker {
    // Without the parent's own flags: a loader that it was started with is none of the thread's business.
    const worker = new NodeWorker(this.#files.script, { workerData: { folder: this.#files.folder }, execArgv: [] });
    this.#onBegin(
      new Promise((resolve, reject) => {
        worker.on("message", (message: PoolMessage) => {
          if (message.cmd === "loaded") resolve();
          else this.emit("message", message);
        });
        worker.once("error", reject);
        worker.once("exit", (code) => reject(new Error(`a thread ended with ${code}`)));
      }),
    );
    // A process whose work is done ends, whether threads wait for more or not.
    worker.unref();
    worker.postMessage(this.#load);
    return worker;
  }

  /** The module keeps the process alive for a running thread; its threads run for ever. */
  ref(): void {}

  unref(): void {}

  async terminate(): Promise<void> {
    await this.#worker?.terminate();
  }
}
