import { crc32, inflateRawSync } from "node:zlib";
import type { PathlightError } from "../../../common/errors.ts";
import { modelInvalid } from "../../disk/modelErrors.ts";

/** A file in a zip archive as its central directory describes it. */
interface Entry {
  readonly name: string;
  readonly method: number;
  readonly encrypted: boolean;
  readonly checksum: number;
  readonly compressed: number;
  readonly size: number;
  readonly offset: number;
}

const signatures = {
  end: 0x06054b50,
  zip64Locator: 0x07064b50,
  zip64End: 0x06064b50,
  entry: 0x02014b50,
  local: 0x04034b50,
};
const mostEntries = 10_000;

/**
 * The files of a zip archive that are `wanted`, by name. `wanted` says how many bytes each may have at most. What the
 * central directory declares is checked before anything is unpacked, unpacking stops where it exceeds that, and every
 * checksum is compared: a weight that has changed on the way is no weight. Errors: `model-invalid`.
 */
export function readArchive(
  file: string,
  bytes: Uint8Array,
  wanted: ReadonlyMap<string, number>,
): Map<string, Uint8Array> {
  const archive = new Archive(file, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const found = new Map<string, Uint8Array>();
  for (const entry of archive.entries()) {
    if (climbs(entry.name)) throw broken(file, `an entry with the path ${JSON.stringify(entry.name)}`);
    const most = wanted.get(entry.name);
    if (most === undefined) continue;
    if (found.has(entry.name)) throw broken(file, `two entries called ${entry.name}`);
    if (entry.size > most) {
      throw broken(file, `${entry.name} declares ${entry.size} bytes, more than a model of this file's size can have`);
    }
    found.set(entry.name, archive.unpack(entry));
  }
  return found;
}

function climbs(name: string): boolean {
  return name.startsWith("/") || /^[a-z]:/i.test(name) || name.split(/[\\/]/).includes("..") || name.includes("\0");
}

class Archive {
  readonly #file: string;
  readonly #bytes: Buffer;

  constructor(file: string, bytes: Buffer) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** PKWARE's APPNOTE, 4.3.12 and 4.3.16. */
  entries(): Entry[] {
    const { count, offset } = this.#directory();
    if (count > mostEntries) throw broken(this.#file, `${count} entries`);
    const entries: Entry[] = [];
    let at = offset;
    for (let i = 0; i < count; i++) {
      if (this.#uint32(at) !== signatures.entry) throw broken(this.#file, `no directory entry at ${at}`);
      const nameLength = this.#uint16(at + 28);
      const extraLength = this.#uint16(at + 30);
      const name = this.#slice(at + 46, nameLength).toString("utf8");
      const sizes = this.#sizes(at, at + 46 + nameLength, extraLength);
      entries.push({
        name,
        method: this.#uint16(at + 10),
        encrypted: (this.#uint16(at + 8) & 1) !== 0,
        checksum: this.#uint32(at + 16),
        ...sizes,
      });
      at += 46 + nameLength + extraLength + this.#uint16(at + 32);
    }
    return entries;
  }

  unpack(entry: Entry): Uint8Array {
    const { name, offset, compressed, size } = entry;
    if (entry.encrypted) throw broken(this.#file, `${name} is encrypted`);
    if (this.#uint32(offset) !== signatures.local) throw broken(this.#file, `${name} is not where the directory says`);
    const start = offset + 30 + this.#uint16(offset + 26) + this.#uint16(offset + 28);
    const packed = this.#slice(start, compressed);
    const unpacked = entry.method === 0 ? Buffer.from(packed) : this.#inflate(entry, packed);
    if (unpacked.length !== size) {
      throw broken(this.#file, `${name} has ${unpacked.length} bytes where the directory says ${size}`);
    }
    if (crc32(unpacked) !== entry.checksum)
      throw broken(this.#file, `${name} does not have the checksum it was saved with`);
    return new Uint8Array(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
  }

  #inflate({ name, method, size }: Entry, packed: Buffer): Buffer {
    if (method !== 8) throw broken(this.#file, `${name} is compressed by method ${method}`);
    try {
      return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
    } catch (cause) {
      throw broken(this.#file, `${name} cannot be unpacked to ${size} bytes`, cause);
    }
  }

  #directory(): { count: number; offset: number } {
    const bytes = this.#bytes;
    // The record is 22 bytes and a comment of at most 65535.
    const earliest = Math.max(0, bytes.length - 22 - 0xffff);
    let end = bytes.length - 22;
    while (end >= earliest && bytes.readUInt32LE(end) !== signatures.end) end--;
    if (end < earliest) throw broken(this.#file, "no zip directory at the end of the file");
    const count = this.#uint16(end + 10);
    const offset = this.#uint32(end + 16);
    if (count !== 0xffff && offset !== 0xffffffff) return { count, offset };
    if (end < 20 || this.#uint32(end - 20) !== signatures.zip64Locator) return { count, offset };
    const record = this.#uint64(end - 20 + 8);
    if (this.#uint32(record) !== signatures.zip64End) throw broken(this.#file, "no zip64 directory where it should be");
    return { count: this.#uint64(record + 32), offset: this.#uint64(record + 48) };
  }

  /** Sizes and place; those that do not fit 32 bits stand in the extra field 1, in this order. */
  #sizes(at: number, extra: number, extraLength: number): { size: number; compressed: number; offset: number } {
    const small = { size: this.#uint32(at + 24), compressed: this.#uint32(at + 20), offset: this.#uint32(at + 42) };
    for (let place = extra; place + 4 <= extra + extraLength; place += 4 + this.#uint16(place + 2)) {
      if (this.#uint16(place) !== 1) continue;
      let next = place + 4;
      const large = (value: number): number => {
        if (value !== 0xffffffff) return value;
        next += 8;
        return this.#uint64(next - 8);
      };
      const size = large(small.size);
      const compressed = large(small.compressed);
      return { size, compressed, offset: large(small.offset) };
    }
    return small;
  }

  #slice(start: number, length: number): Buffer {
    if (!(start >= 0 && start + length <= this.#bytes.length))
      throw truncated(this.#file, start + length, this.#bytes.length);
    return this.#bytes.subarray(start, start + length);
  }

  #uint16(at: number): number {
    return this.#slice(at, 2).readUInt16LE();
  }

  #uint32(at: number): number {
    return this.#slice(at, 4).readUInt32LE();
  }

  #uint64(at: number): number {
    return Number(this.#slice(at, 8).readBigUInt64LE());
  }
}

function truncated(file: string, needed: number, length: number): PathlightError {
  return broken(file, `a file of ${length} bytes that should have at least ${needed}`);
}

function broken(file: string, found: string, cause?: unknown): PathlightError {
  return modelInvalid(
    file,
    "The Keras archive is damaged.",
    "a complete zip archive as Keras writes it",
    found,
    "Copy the file again, or save the model again.",
    cause,
  );
}
