import { z } from "zod";
import { deserializeError, PathlightError, type SerializedError, serializeError } from "../common/errors.ts";

/**
 * One typed channel over anything that can post and listen. Every call gets exactly one answer: a result, an error (also
 * when a handler throws or its answer does not fit the contract), or `compute-died` when the channel closes.
 */

export interface Port {
  post(message: unknown): void;
  /** Registers the one listener for incoming messages. */
  listen(listener: (message: unknown) => void): void;
}

interface MethodSpec {
  readonly params: z.ZodType;
  readonly result: z.ZodType;
  readonly event: z.ZodType;
}
export type Contract = Readonly<Record<string, MethodSpec>>;

export type Params<C extends Contract, M extends keyof C> = z.input<C[M]["params"]>;
export type ParsedParams<C extends Contract, M extends keyof C> = z.output<C[M]["params"]>;
export type Result<C extends Contract, M extends keyof C> = z.output<C[M]["result"]>;
export type Event<C extends Contract, M extends keyof C> = z.output<C[M]["event"]>;

export interface CallContext<E> {
  readonly signal: AbortSignal;
  emit(event: E): void;
}

export type Handlers<C extends Contract> = {
  readonly [M in keyof C]: (
    params: ParsedParams<C, M>,
    context: CallContext<Event<C, M>>,
  ) => Promise<Result<C, M>> | Result<C, M>;
};

const callSchema = z.strictObject({ kind: z.literal("call"), id: z.int(), method: z.string(), params: z.unknown() });
const cancelSchema = z.strictObject({ kind: z.literal("cancel"), id: z.int() });
const eventSchema = z.strictObject({ kind: z.literal("event"), id: z.int(), event: z.unknown() });
const resultSchema = z.strictObject({ kind: z.literal("result"), id: z.int(), result: z.unknown() });
const errorSchema = z.strictObject({ kind: z.literal("error"), id: z.int(), error: z.custom<SerializedError>() });
const toServerSchema = z.discriminatedUnion("kind", [callSchema, cancelSchema]);
const toClientSchema = z.discriminatedUnion("kind", [eventSchema, resultSchema, errorSchema]);

function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PathlightError("protocol", `${what} does not fit the protocol: ${z.prettifyError(parsed.error)}`, {
    whatToDo: "Reload the window; if it comes back, report it.",
  });
}

/** Answers calls. Returns a function that cancels everything under way. */
export function serve<C extends Contract>(contract: C, port: Port, handlers: Handlers<C>): () => void {
  const running = new Map<number, AbortController>();
  const answer = async (id: number, method: string, rawParams: unknown): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const spec = contract[method];
      const handler = Object.hasOwn(handlers, method) ? handlers[method as keyof C] : undefined;
      if (spec === undefined || handler === undefined) {
        throw new PathlightError("protocol", `Unknown method ${method}.`);
      }
      const params = parse(spec.params, rawParams, `Call of ${method}`) as ParsedParams<C, keyof C>;
      const result = await handler(params, {
        signal: controller.signal,
        emit: (event) => port.post({ kind: "event", id, event }),
      });
      port.post({ kind: "result", id, result: parse(spec.result, result, `Result of ${method}`) });
    } catch (error) {
      port.post({ kind: "error", id, error: serializeError(error) });
    } finally {
      running.delete(id);
    }
  };
  port.listen((raw) => {
    const message = parse(toServerSchema, raw, "Message");
    if (message.kind === "cancel") running.get(message.id)?.abort();
    else void answer(message.id, message.method, message.params);
  });
  return () => {
    for (const controller of running.values()) controller.abort();
  };
}

export interface CallOptions<E> {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: E) => void) | undefined;
}

interface Pending {
  readonly method: string;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  onEvent(event: unknown): void;
}

export class Client<C extends Contract> {
  readonly #contract: C;
  readonly #port: Port;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #closed: PathlightError | undefined;

  constructor(contract: C, port: Port) {
    this.#contract = contract;
    this.#port = port;
    port.listen((raw) => this.#receive(raw));
  }

  get pendingMethods(): string[] {
    return [...this.#pending.values()].map((pending) => pending.method);
  }

  call<M extends keyof C & string>(
    method: M,
    params: Params<C, M>,
    options: CallOptions<Event<C, M>> = {},
  ): Promise<Result<C, M>> {
    const closed = this.#closed;
    if (closed !== undefined) return Promise.reject(closed);
    const spec = this.#contract[method];
    if (spec === undefined) return Promise.reject(new PathlightError("protocol", `Unknown method ${method}.`));
    const id = this.#nextId++;
    const { signal, onEvent } = options;
    return new Promise<unknown>((resolve, reject) => {
      if (signal?.aborted) {
        reject(new PathlightError("cancelled", "Cancelled."));
        return;
      }
      const abort = (): void => this.#port.post({ kind: "cancel", id });
      signal?.addEventListener("abort", abort, { once: true });
      this.#pending.set(id, {
        method,
        resolve: (value) => {
          signal?.removeEventListener("abort", abort);
          resolve(value);
        },
        reject: (error) => {
          signal?.removeEventListener("abort", abort);
          reject(error);
        },
        onEvent: (event) => onEvent?.(parse(spec.event, event, `Event of ${method}`) as Event<C, M>),
      });
      this.#port.post({ kind: "call", id, method, params });
    }) as Promise<Result<C, M>>;
  }

  /** Fails every pending call and every later one. */
  close(error: PathlightError): void {
    this.#closed = error;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of pending) call.reject(error);
  }

  #receive(raw: unknown): void {
    const message = parse(toClientSchema, raw, "Message");
    const call = this.#pending.get(message.id);
    if (call === undefined) return;
    try {
      if (message.kind === "event") {
        call.onEvent(message.event);
        return;
      }
      this.#pending.delete(message.id);
      if (message.kind === "error") call.reject(deserializeError(message.error));
      else {
        const spec = this.#contract[call.method];
        call.resolve(
          spec === undefined ? message.result : parse(spec.result, message.result, `Result of ${call.method}`),
        );
      }
    } catch (error) {
      this.#pending.delete(message.id);
      call.reject(error);
    }
  }
}
