/** One option of a command; parsing, help and suggestions all read this. */
export interface OptionSpec {
  readonly name: string;
  /** Name of the value in the help; absent for a switch. */
  readonly value?: string;
  readonly multiple?: true;
  /** May stand without a value; one that it has matches this. */
  readonly optionalValue?: RegExp;
  readonly help: string;
}

export interface CommandSpec {
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  readonly usage: string;
  /** Name of the one word that stands without an option, where the command takes one. */
  readonly positional?: string;
  readonly options: readonly OptionSpec[];
  /** Paragraphs under the options. */
  readonly notes: readonly string[];
  readonly examples: readonly { readonly what: string; readonly command: string }[];
}

export const helpOption: OptionSpec = { name: "help", help: "Print this help." };

export const convertOption: OptionSpec = {
  name: "convert",
  help: "Convert a TensorFlow SavedModel into SAVED_MODEL-tfjs first, in your Python environment.",
};
