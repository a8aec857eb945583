import { TextDecoder } from "node:util";
import { PathlightError } from "../../common/errors.ts";

/**
 * The text of a stream of bytes in pieces: UTF-8, or UTF-16 with a byte order mark. UTF-8 is decoded in whole lines, so
 * that a bad byte is named with its line. Throws `sample-unreadable` for bytes that are no text and `sample-too-large`
 * for a line above `maxLineBytes`.
 */
export async function* decodeText(chunks: AsyncIterable<Buffer>, maxLineBytes: number): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let utf16: TextDecoder | null | undefined;
  let line = 0;
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (utf16 === undefined) {
      if (rest.length < 2) continue;
      utf16 = utf16Decoder(rest);
    }
    if (utf16 !== null) {
      const text = decodeUtf16(utf16, rest, line);
      line += text.split("\n").length - 1;
      rest = Buffer.alloc(0);
      yield text;
      continue;
    }
    const end = rest.lastIndexOf(0x0a) + 1;
    if (end > 0) {
      const text = decodeUtf8(rest.subarray(0, end), line);
      line += text.split("\n").length - 1;
      rest = rest.subarray(end);
      yield text;
    }
    if (rest.length > maxLineBytes) throw lineTooLong(line, maxLineBytes);
  }
  if (utf16) yield decodeUtf16(utf16, undefined, line);
  else if (rest.length > 0) yield decodeUtf8(rest, line);
}

function utf16Decoder(bytes: Buffer): TextDecoder | null {
  const mark = bytes.readUInt16BE(0);
  if (mark === 0xfffe) return new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true });
  return mark === 0xfeff ? new TextDecoder("utf-16be", { fatal: true, ignoreBOM: true }) : null;
}

function decodeUtf16(decoder: TextDecoder, bytes: Buffer | undefined, line: number): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw badEncoding(line, "bytes that are not UTF-16, as the file's first bytes promise", cause);
  }
}

/** Decodes whole lines; a failure is traced to its line. */
function decodeUtf8(bytes: Buffer, firstLine: number): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    const text = decoder.decode(bytes);
    const zero = text.indexOf("\0");
    if (zero === -1) return text;
    throw badEncoding(
      firstLine + text.slice(0, zero).split("\n").length - 1,
      "a zero byte, as in a binary file",
      undefined,
    );
  } catch (cause) {
    if (cause instanceof PathlightError) throw cause;
    let line = firstLine;
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      if (!isUtf8(bytes.subarray(start, end))) break;
      start = end + 1;
      line++;
    }
    throw badEncoding(line, "a byte that is not UTF-8", cause);
  }
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function badEncoding(line: number, found: string, cause: unknown): PathlightError {
  return new PathlightError(
    "sample-unreadable",
    `The file is badly encoded in line ${line + 1}.`,
    { expected: "UTF-8 text", found, whatToDo: "Save the file as UTF-8." },
    cause,
  );
}

function lineTooLong(line: number, maxLineBytes: number): PathlightError {
  return new PathlightError("sample-too-large", `Line ${line + 1} is too long.`, {
    expected: `at most ${Math.floor(maxLineBytes / 4e6)} MB a line`,
    found: "more than that without a line break",
    whatToDo: "Check that the file has one row a line.",
  });
}
