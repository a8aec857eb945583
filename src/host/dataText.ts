import { open, stat } from "node:fs/promises";

/** What is read of a data file in the extension host at most, in bytes: it is shared by every extension of the window. */
const MOST_BYTES = 20_000_000;

export interface DataText {
  readonly text: string;
  /** False: only the first lines of a file that is too large to be read here. */
  readonly whole: boolean;
}

/** A data file's text, or its first lines where it is very large. Throws what the file system says. */
export async function readDataText(file: string): Promise<DataText> {
  const { size } = await stat(file);
  const bytes = Buffer.alloc(Math.min(size, MOST_BYTES));
  const handle = await open(file);
  let length = 0;
  try {
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
  } finally {
    await handle.close();
  }
  const whole = size <= MOST_BYTES;
  const end = whole ? length : bytes.lastIndexOf(0x0a, length - 1) + 1;
  return { text: bytes.toString("utf8", 0, end), whole };
}
