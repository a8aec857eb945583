import { parseArgs } from "node:util";
import type { CommandSpec, OptionSpec } from "./optionSpec.ts";
import { closest } from "./suggestion.ts";
import { usageError } from "./usageError.ts";

export interface ParsedOptions {
  /** The word without an option; empty where the command takes none. */
  readonly positional: string;
  has(name: string): boolean;
  /** The value of an option that may be given once. */
  value(name: string): string | undefined;
  values(name: string): readonly string[];
}

/**
 * Options of one command, checked against its table: unknown ones, missing and superfluous values, repeats and stray
 * words are errors that name the option. parseArgs cuts the words; its own checks are off because they refuse
 * `--baseline -1` and cannot suggest.
 *
 * @throws PathlightError `usage`
 */
export function parseOptions(args: readonly string[], command: CommandSpec): ParsedOptions {
  const help = `Run \`pathlight ${command.name} --help\` for the options.`;
  const specs = new Map(command.options.map((option) => [option.name, option]));
  const found = new Map<string, string[]>();
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      command.options.map(({ name, value, optionalValue }) => {
        return [name, { type: value === undefined || optionalValue !== undefined ? "boolean" : "string" }] as const;
      }),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  let positional: string | undefined;
  /** The option before, which may take this word. */
  let open: OptionSpec | undefined;
  for (const token of tokens) {
    const before = open;
    open = undefined;
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional" && before?.optionalValue?.test(token.value) === true) {
      found.set(before.name, [token.value]);
      continue;
    }
    if (token.kind === "positional") {
      if (command.positional !== undefined && positional === undefined && token.value !== "") {
        positional = token.value;
        continue;
      }
      throw usageError(`Unexpected word "${token.value}".`, { expected: "options that begin with --", whatToDo: help });
    }
    const spec = specs.get(token.name);
    if (spec === undefined) {
      const meant = closest(token.name, [...specs.keys()]);
      const whatToDo = meant === undefined ? help : `Did you mean --${meant}?`;
      throw usageError(`Unknown option ${token.rawName}.`, { whatToDo });
    }
    const earlier = found.get(spec.name);
    if (earlier !== undefined && spec.multiple !== true) {
      throw usageError(`Option --${spec.name} is given twice.`, { whatToDo: "Leave one of the two." });
    }
    if (spec.value === undefined) {
      if (token.value !== undefined) {
        throw usageError(`Option --${spec.name} takes no value.`, { found: `"${token.value}"`, whatToDo: help });
      }
      found.set(spec.name, []);
      continue;
    }
    if (spec.optionalValue !== undefined && token.value === undefined) {
      found.set(spec.name, []);
      open = spec;
      continue;
    }
    const looksLikeOption = token.inlineValue === false && /^-(?![\d.])./.test(token.value ?? "");
    if (token.value === undefined || looksLikeOption) {
      throw usageError(`Option --${spec.name} needs a value.`, { expected: `--${spec.name} ${spec.value}` });
    }
    found.set(spec.name, [...(earlier ?? []), token.value]);
  }
  if (command.positional !== undefined && positional === undefined) {
    throw usageError(`${command.positional} is missing.`, {
      expected: command.usage.split("\n")[0] ?? "",
      whatToDo: help,
    });
  }
  return {
    positional: positional ?? "",
    has: (name) => found.has(name),
    value: (name) => found.get(name)?.[0],
    values: (name) => found.get(name) ?? [],
  };
}
