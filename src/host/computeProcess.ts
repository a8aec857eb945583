import { type ChildProcess, fork } from "node:child_process";
import type { Disposable } from "../common/disposable.ts";
import { cancelled, PathlightError, toPathlightError } from "../common/errors.ts";
import { type ComputeContract, computeContract } from "../protocol/compute.ts";
import { type CallOptions, Client, type Event, type Params, type Result } from "../rpc/channel.ts";

export interface ComputeProcessOptions {
  /** The script that is forked. */
  readonly entry: string;
  hello(): Promise<Params<ComputeContract, "hello">>;
  log(message: string): void;
  idleMs(): number;
  /** How long a cancelled call may go on before the process is ended: an endless kernel sees no message. */
  readonly cancelGraceMs?: number;
}

interface Live {
  readonly child: ChildProcess;
  readonly client: Client<ComputeContract>;
  /** Why Pathlight itself ended the process, so that the error can say so. */
  endedBecause: string | undefined;
}

/**
 * The process that computes. Forked at the first call, ended when nobody has needed it for a while, forked again at the
 * next call after it died. Calls that were pending when it dies fail with `compute-died`; none ever hangs.
 */
export class ComputeProcess implements Disposable {
  readonly #options: ComputeProcessOptions;
  readonly #exitListeners = new Set<() => void>();
  #starting: Promise<Live> | undefined;
  #live: Live | undefined;
  #leases = 0;
  #calls = 0;
  #idle: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: ComputeProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#live?.child.pid;
  }

  onDidExit(listener: () => void): Disposable {
    this.#exitListeners.add(listener);
    return { dispose: () => this.#exitListeners.delete(listener) };
  }

  /** Keeps the process alive, for example while a panel is open. */
  lease(): Disposable {
    let held = true;
    this.#leases++;
    this.#watchIdle();
    return {
      dispose: () => {
        if (!held) return;
        held = false;
        this.#leases--;
        this.#watchIdle();
      },
    };
  }

  async call<M extends keyof ComputeContract & string>(
    method: M,
    params: Params<ComputeContract, M>,
    options: CallOptions<Event<ComputeContract, M>> = {},
  ): Promise<Result<ComputeContract, M>> {
    this.#calls++;
    this.#watchIdle();
    try {
      const live = await this.#start();
      if (options.signal?.aborted) throw cancelled();
      return await this.#watchCancel(live, options.signal, live.client.call(method, params, options));
    } finally {
      this.#calls--;
      this.#watchIdle();
    }
  }

  /** Ends the process; pending calls fail with `compute-died`, the next call starts it again. */
  end(because: string): void {
    const live = this.#live;
    this.#live = undefined;
    this.#starting = undefined;
    if (live === undefined) return;
    live.endedBecause = because;
    this.#options.log(`Compute process ${live.child.pid ?? "?"} is ended: ${because}.`);
    live.client.close(died(because));
    live.child.kill("SIGTERM");
    const force = setTimeout(() => live.child.kill("SIGKILL"), 2000);
    force.unref();
    live.child.once("exit", () => clearTimeout(force));
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#idle);
    this.end("Pathlight was switched off");
    this.#exitListeners.clear();
  }

  #start(): Promise<Live> {
    if (this.#disposed) return Promise.reject(died("Pathlight was switched off"));
    // The promise is kept, not the process: two calls at once must not fork twice.
    this.#starting ??= this.#fork().catch((error: unknown) => {
      this.end("it did not start");
      this.#starting = undefined;
      throw toPathlightError(error);
    });
    return this.#starting;
  }

  async #fork(): Promise<Live> {
    const hello = await this.#options.hello();
    if (this.#disposed) throw died("Pathlight was switched off");
    const inspectPort = process.env["PATHLIGHT_COMPUTE_INSPECT"];
    const child = fork(this.#options.entry, [], {
      // For a debugger, as .vscode/launch.json sets it; nothing of the extension host's own flags is passed on.
      execArgv: inspectPort === undefined ? [] : [`--inspect=127.0.0.1:${inspectPort}`],
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: environment(),
    });
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#options.log(text.trimEnd()));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#options.log(text.trimEnd()));
    const client = new Client(computeContract, {
      post: (message) => {
        // A failed send means that the process is gone; its 'exit' then fails the pending calls.
        if (child.connected) child.send(message as object, (error) => error && this.#options.log(error.message));
        else queueMicrotask(() => this.#gone(live, "its channel is closed"));
      },
      listen: (listener) =>
        child.on("message", (message) => {
          try {
            listener(message);
          } catch (error) {
            this.#options.log(`Message of the compute process: ${toPathlightError(error).message}`);
          }
        }),
    });
    const live: Live = { child, client, endedBecause: undefined };
    this.#live = live;
    child.once("error", (error) => this.#gone(live, error.message));
    child.once("exit", (code, signal) => this.#gone(live, exitReason(code, signal)));
    const { pid, node } = await client.call("hello", hello);
    this.#options.log(`Compute process ${pid} is up (Node ${node}).`);
    return live;
  }

  #gone(live: Live, reason: string): void {
    live.client.close(died(live.endedBecause ?? reason));
    if (live.endedBecause === undefined) {
      live.endedBecause = reason;
      this.#options.log(`Compute process ${live.child.pid ?? "?"} ended unexpectedly: ${reason}.`);
      for (const listener of this.#exitListeners) listener();
    }
    if (this.#live !== live) return;
    this.#live = undefined;
    this.#starting = undefined;
  }

  async #watchCancel<T>(live: Live, signal: AbortSignal | undefined, call: Promise<T>): Promise<T> {
    if (signal === undefined) return call;
    let timer: NodeJS.Timeout | undefined;
    let overdue = false;
    const onAbort = (): void => {
      timer = setTimeout(() => {
        overdue = true;
        if (this.#live === live) this.end("a cancelled request did not stop");
      }, this.#options.cancelGraceMs ?? 20_000);
      timer.unref();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await call;
    } catch (error) {
      throw overdue ? cancelled() : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  #watchIdle(): void {
    clearTimeout(this.#idle);
    if (this.#leases > 0 || this.#calls > 0 || this.#disposed) return;
    this.#idle = setTimeout(() => this.end("nobody needed it for a while"), this.#options.idleMs());
    this.#idle.unref();
  }
}

/** The extension host's own switches would make the fork something else than plain Node. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/.test(name));
  return { ...Object.fromEntries(inherited), ELECTRON_RUN_AS_NODE: "1" };
}

function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === "SIGKILL") return "it was killed (SIGKILL), which the system also does when memory runs out";
  if (signal === "SIGSEGV" || signal === "SIGABRT" || signal === "SIGBUS" || signal === "SIGILL") {
    return `it crashed in native code (${signal})`;
  }
  return signal === null ? `it exited with code ${code ?? "unknown"}` : `it was ended by ${signal}`;
}

function died(reason: string): PathlightError {
  return new PathlightError("compute-died", `The compute process ended unexpectedly: ${reason}.`, {
    whatToDo: "Run it again: the process starts anew and loads the model.",
  });
}
