import { errorLine, PathlightError, toPathlightError } from "../common/errors.ts";
import { version } from "../compute/version.ts";
import { type Ablater, ablate } from "./commands/ablate.ts";
import { ablateSpec } from "./commands/ablateSpec.ts";
import { auditSpec } from "./commands/auditSpec.ts";
import { convert } from "./commands/convert.ts";
import { convertSpec } from "./commands/convertSpec.ts";
import { doctorSpec } from "./commands/doctorSpec.ts";
import { type ExplainEnvironment, type Explainer, explain } from "./commands/explain.ts";
import { explainSpec } from "./commands/explainSpec.ts";
import { type Inspector, inspect } from "./commands/inspect.ts";
import { inspectSpec } from "./commands/inspectSpec.ts";
import { type NeuronAsker, neurons } from "./commands/neurons.ts";
import { neuronsSpec } from "./commands/neuronsSpec.ts";
import { commandHelp, programHelp } from "./help.ts";
import type { CommandSpec } from "./optionSpec.ts";
import { closest } from "./suggestion.ts";
import { usageError } from "./usageError.ts";

export const EXIT_INTERNAL = 1;
export const EXIT_BAD_INPUT = 2;
export const EXIT_CANCELLED = 130;

const commands: readonly CommandSpec[] = [
  explainSpec,
  neuronsSpec,
  ablateSpec,
  auditSpec,
  inspectSpec,
  convertSpec,
  doctorSpec,
];

export interface CommandLineEnvironment extends Omit<ExplainEnvironment, "createExplainer"> {
  createExplainer(options: {
    readonly threads: number | undefined;
  }): Promise<Explainer & Inspector & Ablater & NeuronAsker>;
}

/** Runs the command line and returns the exit code. Whatever goes wrong becomes one line on standard error. */
export async function runCommandLine(args: readonly string[], environment: CommandLineEnvironment): Promise<number> {
  const { terminal } = environment;
  try {
    return await dispatch(args, environment);
  } catch (thrown) {
    const error = toPathlightError(thrown);
    const debug = isDebug();
    if (error.code === "cancelled") {
      terminal.err("Cancelled; nothing was written.\n");
      return EXIT_CANCELLED;
    }
    const line = isInternal(error) ? internalLine(error, debug) : errorLine(error);
    terminal.err(`${terminal.errColours.red("pathlight:")} ${line}\n`);
    if (debug) terminal.err(`${stackOf(error)}\n`);
    return isInternal(error) ? EXIT_INTERNAL : EXIT_BAD_INPUT;
  }
}

/** Whether the user asked for what is said to nobody else. */
export function isDebug(): boolean {
  return (process.env["PATHLIGHT_DEBUG"] ?? "") !== "";
}

function isInternal(error: PathlightError): boolean {
  return error.code === "internal" || error.code === "protocol" || error.code === "run-unknown";
}

function internalLine(error: PathlightError, debug: boolean): string {
  const message = errorLine(new PathlightError(error.code, error.message.replace(/[.\s]*$/, "."), error.details));
  // What was not foreseen says nothing of use by itself.
  if (error.cause === undefined) return message;
  return `Internal error: ${message}${debug ? "" : " Run it again with PATHLIGHT_DEBUG=1 to see the stack."}`;
}

function stackOf(error: PathlightError): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${error.cause.stack ?? error.cause.message}` : "";
  return `${error.stack ?? error.message}${cause}`;
}

async function dispatch(args: readonly string[], environment: CommandLineEnvironment): Promise<number> {
  const { terminal } = environment;
  const [first, ...rest] = args;
  switch (first) {
    case undefined:
      throw usageError("There is no command.", {
        expected: oneOf(commands.map(({ name }) => name)),
        whatToDo: "Run `pathlight --help`.",
      });
    case "--version":
    case "-v":
    case "version":
      terminal.out(`${version}\n`);
      return 0;
    case "--help":
    case "-h":
    case "help": {
      const command = rest[0] === undefined ? undefined : commandNamed(rest[0]);
      terminal.out(
        command === undefined
          ? programHelp(version, commands, terminal.outColours)
          : commandHelp(command, terminal.outColours),
      );
      return 0;
    }
  }
  const command = commandNamed(first);
  if (asksForHelp(rest)) {
    terminal.out(commandHelp(command, terminal.outColours));
    return 0;
  }
  switch (command.name) {
    case "doctor":
      return (await import("./commands/doctor.ts")).doctor(rest, environment);
    case "neurons":
      return neurons(rest, environment);
    case "ablate":
      return ablate(rest, environment);
    case "audit":
      return (await import("./commands/audit.ts")).audit(rest, environment);
    case "inspect":
      return inspect(rest, environment);
    case "convert":
      return convert(rest, environment);
    default:
      return explain(rest, environment);
  }
}

/** `a, b or c`. */
function oneOf(words: readonly string[]): string {
  return words.join(", ").replace(/, (?=[^,]*$)/, " or ");
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

function commandNamed(name: string): CommandSpec {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const known = commands.map((candidate) => candidate.name);
  const meant = closest(name, known);
  throw usageError(name.startsWith("-") ? `Unknown option ${name}.` : `Unknown command "${name}".`, {
    expected: oneOf(known),
    whatToDo: meant === undefined ? "Run `pathlight --help`." : `Did you mean ${meant}?`,
  });
}
