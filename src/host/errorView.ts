import { type PathlightError, toPathlightError } from "../common/errors.ts";
import type { ErrorView } from "../protocol/errorView.ts";

/** A thrown value as the panel shows it: what is wrong, then file, expected, found, what to do, code. */
export function errorViewOf(thrown: unknown): ErrorView {
  const error = toPathlightError(thrown);
  const { file, expected, found, whatToDo } = error.details;
  return {
    title: titleOf(error),
    ...(file === undefined ? {} : { file }),
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    whatToDo: whatToDo ?? fallbackAdvice(error),
    code: error.code,
  };
}

/** The message without the file name in front of it, which has a line of its own, and as a sentence. */
function titleOf(error: PathlightError): string {
  const { file } = error.details;
  const message =
    file !== undefined && error.message.startsWith(`${file}: `) ? error.message.slice(file.length + 2) : error.message;
  const text = message.trim() === "" ? `Something went wrong (${error.code}).` : message.trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function fallbackAdvice(error: PathlightError): string {
  switch (error.code) {
    case "compute-died":
    case "run-unknown":
      return "Run it again: the compute process starts anew and loads the model.";
    case "out-of-memory":
      return "Choose a coarser grain or a smaller model, or close other programs, and run it again.";
    case "backend-unavailable":
    case "backend-broken":
      return "Run Pathlight: Choose Backend to see what was found and what would fix it.";
    case "internal":
    case "protocol":
      return "Show the log and report it.";
    default:
      return "Mend it and try again.";
  }
}

/** The same in one line, for a notification. */
export function errorSentence(thrown: unknown): string {
  const { title, expected, found, whatToDo } = errorViewOf(thrown);
  const parts = [title];
  if (expected !== undefined) parts.push(`Expected ${expected}.`);
  if (found !== undefined) parts.push(`Found ${found}.`);
  if (whatToDo !== undefined) parts.push(whatToDo);
  return parts.map((part) => part.replace(/([.?!])\.$/, "$1")).join(" ");
}
