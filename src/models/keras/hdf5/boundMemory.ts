/** WebAssembly's own Memory, which the types of Node leave out. */
interface Memory {
  readonly buffer: ArrayBuffer;
}
declare const WebAssembly: { Memory: { prototype: { grow(this: Memory, delta: number): number } } };

const pageBytes = 65536;

/** What the C library takes for itself, whatever the file. */
const floor = 128 * 2 ** 20;

export interface MemoryBound {
  /** Sets how far WebAssembly may grow while a file of so many bytes is read. */
  allow(fileBytes: number): void;
  /** Whether growth has been refused since. */
  refused(): boolean;
}

/**
 * Bounds how far WebAssembly memories of this thread can grow: a file of a few bytes may declare datasets of gigabytes.
 * A refused growth is a failed allocation to the C library, which it reports.
 */
export function boundMemory(): MemoryBound {
  let limit = floor;
  let refused = false;
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function (this: Memory, delta: number): number {
    if (this.buffer.byteLength + Number(delta) * pageBytes > limit) {
      refused = true;
      throw new RangeError(`More than ${limit} bytes of memory are needed for a file of this size`);
    }
    return grow.call(this, delta);
  };
  return {
    allow: (fileBytes) => {
      limit = floor + 3 * fileBytes;
      refused = false;
    },
    refused: () => refused,
  };
}
