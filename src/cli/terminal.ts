import type { WriteStream } from "node:tty";

/** Where the command line writes: results to `out`, everything about them (progress, notes, errors) to `err`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a terminal, on which a line may be drawn over. */
  readonly interactive: boolean;
  readonly columns: number;
  readonly outColours: Colours;
  readonly errColours: Colours;
}

export type Colours = Readonly<Record<"bold" | "dim" | "red" | "yellow" | "green" | "cyan", (text: string) => string>>;

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  cyan: [36, 39],
} as const;

export function colours(enabled: boolean): Colours {
  const paint =
    ([on, off]: readonly [number, number]) =>
    (text: string) =>
      enabled && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: paint(codes.bold),
    dim: paint(codes.dim),
    red: paint(codes.red),
    yellow: paint(codes.yellow),
    green: paint(codes.green),
    cyan: paint(codes.cyan),
  };
}

/** https://no-color.org: any value that is not empty switches colour off. */
function wantsColour(stream: Pick<WriteStream, "isTTY">, env: NodeJS.ProcessEnv): boolean {
  const refused = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "";
  return stream.isTTY === true && !refused && env["TERM"] !== "dumb";
}

export function processTerminal(env: NodeJS.ProcessEnv = process.env): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    interactive: process.stderr.isTTY === true && env["TERM"] !== "dumb",
    // Some pseudo-terminals say 0.
    columns: process.stderr.columns || 80,
    outColours: colours(wantsColour(process.stdout, env)),
    errColours: colours(wantsColour(process.stderr, env)),
  };
}
