import { type ErrorDetails, PathlightError } from "../../common/errors.ts";

/** What is wrong with a target expression, and where: UTF-16 offsets into it, both equal where something is missing. */
export class ExpressionError extends PathlightError {
  readonly start: number;
  readonly end: number;

  constructor(message: string, { start, end }: { start: number; end: number }, details: ErrorDetails = {}) {
    super("target-invalid", message, details);
    this.start = start;
    this.end = end;
  }
}
