import type { CommandSpec, OptionSpec } from "./optionSpec.ts";
import type { Colours } from "./terminal.ts";

const WIDTH = 96;
const INDENT = 30;

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function optionLines(option: OptionSpec): string {
  const left = `  --${option.name}${option.value === undefined ? "" : ` ${option.value}`}`;
  const [first = "", ...rest] = wrap(option.help, WIDTH - INDENT);
  const head = left.length < INDENT - 1 ? `${left.padEnd(INDENT)}${first}` : `${left}\n${" ".repeat(INDENT)}${first}`;
  return [head, ...rest.map((line) => " ".repeat(INDENT) + line)].join("\n");
}

/** The help of one command: usage, options, notes, examples. */
export function commandHelp(command: CommandSpec, colour: Colours): string {
  const parts = [
    `${command.summary}\n`,
    `${colour.bold("Usage")}\n  ${command.usage.replaceAll("\n", "\n  ")}\n`,
    `${colour.bold("Options")}\n${command.options.map(optionLines).join("\n")}\n`,
    ...command.notes.map((note) => `${wrap(note, WIDTH).join("\n")}\n`),
    `${colour.bold("Examples")}\n${exampleLines(command)}\n`,
  ];
  return parts.join("\n");
}

function exampleLines(command: CommandSpec): string {
  return command.examples.map(({ what, command: line }) => `  # ${what}\n  ${line}`).join("\n\n");
}

/** The help of the program: commands, and their examples. */
export function programHelp(version: string, commands: readonly CommandSpec[], colour: Colours): string {
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`);
  return [
    `Pathlight ${version}: which pixels, tokens or features made a model say what it said,\nand how far to trust the answer.\n`,
    `${colour.bold("Usage")}\n  pathlight COMMAND [OPTIONS]\n  pathlight COMMAND --help\n  pathlight --version\n`,
    `${colour.bold("Commands")}\n${rows.join("\n")}\n`,
    `${colour.bold("Examples")}\n${commands.map(exampleLines).join("\n\n")}\n`,
    `${colour.bold("Exit codes")}\n  0  done\n  1  internal error\n  2  bad input\n  3  completeness error above --fail-above\n  4  an audited gradient is wrong\n  5  an audit cannot tell\n  130  cancelled\n`,
    `${colour.bold("Environment")}\n  PATHLIGHT_TENSORFLOW  folder of TensorFlow's library\n  PATHLIGHT_PYTHON      Python interpreter whose TensorFlow is taken\n  PATHLIGHT_CACHE       folder for downloads\n  PATHLIGHT_DEBUG=1     print stacks with errors\n  NO_COLOR=1            no colours\n`,
  ].join("\n");
}
