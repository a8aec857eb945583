/**
 * The one error that Pathlight raises on purpose. `code` is stable and is what tests and callers look at;
 * `message` says what is wrong in a sentence; the other fields are what a person needs to mend it.
 */
export type ErrorCode =
  | "model-not-found"
  | "model-invalid"
  | "model-needs-conversion"
  | "model-shard-missing"
  | "model-shard-size"
  | "model-unknown-op"
  | "model-unsupported-shape"
  | "model-node-unknown"
  | "model-not-differentiable"
  | "manifest-invalid"
  | "sample-not-found"
  | "sample-unreadable"
  | "sample-too-large"
  | "sample-empty"
  | "sample-column-missing"
  | "sample-row-missing"
  | "sample-shape"
  | "tokenizer-invalid"
  | "target-invalid"
  | "link-invalid"
  | "baseline-invalid"
  | "same-as-baseline"
  | "not-finite"
  | "backend-unavailable"
  | "backend-broken"
  | "compute-died"
  | "run-unknown"
  | "out-of-memory"
  | "cancelled"
  | "usage"
  | "protocol"
  | "internal";

export interface ErrorDetails {
  /** File at fault, absolute or as the user gave it. */
  readonly file?: string | undefined;
  readonly expected?: string | undefined;
  readonly found?: string | undefined;
  /** What the user can do next, a full sentence. */
  readonly whatToDo?: string | undefined;
}

export class PathlightError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "PathlightError";
    this.code = code;
    this.details = details;
  }
}

/** Any thrown value as a `PathlightError`; what was not raised on purpose becomes `internal` and keeps its cause. */
export function toPathlightError(thrown: unknown): PathlightError {
  if (thrown instanceof PathlightError) return thrown;
  if (thrown instanceof Error) {
    if (thrown.name === "AbortError") return cancelled();
    return new PathlightError("internal", thrown.message, { whatToDo: "Show the log and report it." }, thrown);
  }
  return new PathlightError("internal", String(thrown));
}

export function cancelled(): PathlightError {
  return new PathlightError("cancelled", "Cancelled.");
}

/** What crosses a process boundary in place of an error. */
export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly stack?: string | undefined;
}

export function serializeError(thrown: unknown): SerializedError {
  const error = toPathlightError(thrown);
  const stack = error.cause instanceof Error ? error.cause.stack : error.stack;
  return { code: error.code, message: error.message, details: error.details, stack };
}

export function deserializeError(error: SerializedError): PathlightError {
  const revived = new PathlightError(error.code, error.message, error.details);
  if (error.stack !== undefined) revived.stack = error.stack;
  return revived;
}

/** The error as one line for a terminal or a log: what is wrong, expected, found, what to do. */
export function errorLine(error: PathlightError): string {
  const { file, expected, found, whatToDo } = error.details;
  const parts = [file === undefined || error.message.includes(file) ? error.message : `${file}: ${error.message}`];
  if (expected !== undefined) parts.push(`Expected ${expected}`);
  if (found !== undefined) parts.push(`Found ${found}`);
  if (whatToDo !== undefined) parts.push(whatToDo);
  return parts
    .map(asSentence)
    .join(" ")
    .replaceAll(/\s*\n\s*/g, " ");
}

function asSentence(text: string): string {
  return /[.?!…]$/.test(text) ? text : `${text}.`;
}

export function assertNever(value: never): never {
  throw new PathlightError("internal", `Unexpected value ${JSON.stringify(value)}`);
}
