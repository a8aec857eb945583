/** What to insert after a statement that saves a PyTorch model, so that it is written as ONNX too. */
export interface TorchRecipe {
  /** Line, counted from 0, after whose end `text` goes. */
  readonly line: number;
  readonly text: string;
  /** `import copy`, where the file lacks it: the line that it goes before. */
  readonly importLine: number | null;
  /** The model as the statement has it, for the title. */
  readonly model: string;
}

interface Call {
  readonly name: "torch.save" | "torch.onnx.export";
  readonly args: readonly string[];
  /** Offset behind the closing bracket. */
  readonly end: number;
}

/**
 * The recipe for the call of `torch.save(` or `torch.onnx.export(` that the line belongs to; undefined: there is none,
 * or it is no complete call. The copy is made because `.eval()` and `.cpu()` would change the model that the script goes
 * on with; two samples, so that no exporter takes the batch for a constant.
 */
export function torchRecipe(source: string, line: number): TorchRecipe | undefined {
  const starts = lineStarts(source);
  const lineStart = starts[line];
  if (lineStart === undefined) return undefined;
  for (const at of callsBefore(source, starts[line + 1] ?? source.length + 1)) {
    const call = parseCall(source, at);
    if (call === undefined) continue;
    const last = lineOf(starts, call.end);
    if (last < line) continue;
    const first = lineOf(starts, at);
    const model = modelOf(call);
    if (first > line || model === undefined) continue;
    const indent = /^[ \t]*/.exec(source.slice(starts[first]))?.[0] ?? "";
    const eol = source.includes("\r\n") ? "\r\n" : "\n";
    const [example, tuple] = exampleOf(call);
    const lines = [
      example,
      `torch.onnx.export(copy.deepcopy(${model}).cpu().eval(), ${tuple}, "${fileOf(call)}", input_names=["input"], output_names=["output"], dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})`,
    ];
    return {
      line: endOfStatement(source, starts, last),
      text: lines.map((each) => eol + indent + each).join(""),
      importLine: /^[ \t]*(import|from)[ \t]+(.*,[ \t]*)?copy\b/m.test(source) ? null : firstImport(source, starts),
      model,
    };
  }
  return undefined;
}

function lineStarts(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: readonly number[], offset: number): number {
  let line = 0;
  while (line + 1 < starts.length && (starts[line + 1] ?? 0) < offset) line++;
  return line;
}

/** Offsets of the calls that begin before an offset, the nearest first; those in comments and strings left out. */
function callsBefore(source: string, end: number): number[] {
  const found: number[] = [];
  for (let at = 0; at < Math.min(end, source.length); ) {
    const skipped = skipText(source, at);
    if (skipped > at) {
      at = skipped;
      continue;
    }
    if (/^torch\.(save|onnx\.export)\s*\(/.test(source.slice(at, at + 40)) && !/[\w.]/.test(source[at - 1] ?? "")) {
      found.push(at);
    }
    at++;
  }
  return found.reverse();
}

/** Behind a comment or string that begins here; the same place where none does. */
function skipText(source: string, at: number): number {
  if (source[at] === "#") {
    const end = source.indexOf("\n", at);
    return end < 0 ? source.length : end;
  }
  const quote = ['"""', "'''", '"', "'"].find((each) => source.startsWith(each, at));
  if (quote === undefined) return at;
  for (let i = at + quote.length; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source.startsWith(quote, i)) return i + quote.length;
    else if (quote.length === 1 && source[i] === "\n") return i;
  }
  return source.length;
}

function parseCall(source: string, at: number): Call | undefined {
  const match = /^(torch\.save|torch\.onnx\.export)\s*\(/.exec(source.slice(at, at + 40));
  if (match === null) return undefined;
  const args: string[] = [];
  let depth = 1;
  let start = at + match[0].length;
  for (let i = start; i < source.length; ) {
    const skipped = skipText(source, i);
    if (skipped > i) {
      i = skipped;
      continue;
    }
    const character = source[i] ?? "";
    if ("([{".includes(character)) depth++;
    if (")]}".includes(character)) depth--;
    if (depth === 0 || (depth === 1 && character === ",")) {
      const argument = withoutComments(source.slice(start, i)).trim();
      if (argument !== "") args.push(argument);
      start = i + 1;
    }
    if (depth === 0) {
      return { name: match[1] === "torch.save" ? "torch.save" : "torch.onnx.export", args, end: i + 1 };
    }
    i++;
  }
  return undefined;
}

function withoutComments(text: string): string {
  let result = "";
  for (let i = 0; i < text.length; ) {
    const skipped = skipText(text, i);
    if (skipped === i) result += text[i++] ?? "";
    else {
      if (text[i] !== "#") result += text.slice(i, skipped);
      i = skipped;
    }
  }
  return result.replaceAll(/\s*\r?\n\s*/g, " ");
}

/** States of these are saved beside the model's. */
const others = /optim|sched|scaler|ema|loss|criterion/i;

function modelOf({ args }: Call): string | undefined {
  const first = named(args, ["obj", "model"]) ?? args[0];
  if (first === undefined || /^\w+\s*=[^=]/.test(first)) return undefined;
  const whole = /^(.+?)\.state_dict\(\s*\)$/s.exec(first);
  if (whole?.[1] !== undefined && !first.startsWith("{")) return whole[1];
  if (!/^(\{|dict\()/.test(first)) return /^[\w.[\]()"']+$/.test(first) ? first : `(${first})`;
  const states = [...first.matchAll(/([A-Za-z_][\w.]*)\.state_dict\(\s*\)/g)].flatMap((match) => match[1] ?? []);
  return states.find((name) => !others.test(name)) ?? states[0];
}

function named(args: readonly string[], names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = args.find((argument) => new RegExp(`^${name}\\s*=[^=]`).test(argument));
    if (found !== undefined) return found.slice(found.indexOf("=") + 1).trim();
  }
  return undefined;
}

/** The line that makes the sample, and how it is passed on. An export has one already. */
function exampleOf(call: Call): [string, string] {
  const given = call.name === "torch.onnx.export" ? (named(call.args, ["args"]) ?? call.args[1]) : undefined;
  if (given !== undefined && !/^\w+\s*=[^=]/.test(given)) {
    return [
      `example = ${given}  # two samples or more, so that the batch stays open`,
      given.startsWith("(") ? "example" : "(example,)",
    ];
  }
  return ["example = torch.randn(2, 3, 224, 224)  # two samples in the shape that the model takes", "(example,)"];
}

/** The name of the file that is saved, as .onnx; where it is no plain string, `model.onnx`. */
function fileOf(call: Call): string {
  const place = call.name === "torch.save" ? 1 : 2;
  const given = named(call.args, ["f"]) ?? call.args[place] ?? "";
  const plain = /^(["'])([^"'\\{}]+)\1$/.exec(given)?.[2];
  if (plain === undefined) return "model.onnx";
  const base = plain.replace(/\.(pt|pth|bin|ckpt|onnx|tar)$/i, "");
  return call.name === "torch.onnx.export" ? `${base}-pathlight.onnx` : `${base}.onnx`;
}

/** The line where the logical line ends that the call closes on: `)` may be followed by more. */
function endOfStatement(source: string, starts: readonly number[], from: number): number {
  let line = from;
  for (;;) {
    const text = source.slice(starts[line], (starts[line + 1] ?? source.length + 1) - 1).trimEnd();
    if (!text.endsWith("\\") || line + 1 >= starts.length) return line;
    line++;
  }
}

function firstImport(source: string, starts: readonly number[]): number {
  const index = starts.findIndex((start) => /^(import|from)[ \t]/.test(source.slice(start, start + 8)));
  const future = starts.findLastIndex((start) => source.startsWith("from __future__", start));
  return Math.max(0, index, future + 1);
}
