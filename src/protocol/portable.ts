import { PathlightError } from "../common/errors.ts";

/**
 * Values with typed arrays as JSON and back, for the report that stands alone: an array of numbers becomes
 * `{"$f32": "<base64, little endian>"}`. Keys that start with `$` are taken; nothing in the protocol uses them.
 */

const kinds = {
  $u8: Uint8Array,
  $f32: Float32Array,
  $f64: Float64Array,
} as const;
type Kind = keyof typeof kinds;

export type Portable = null | boolean | number | string | readonly Portable[] | { readonly [key: string]: Portable };

const CHUNK = 0x8000;

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Bytes of the numbers in little-endian order, whatever this machine's order is. */
function swapped(bytes: Uint8Array, width: number): Uint8Array {
  if (littleEndian || width === 1) return bytes;
  const out = new Uint8Array(bytes.length);
  bytes.forEach((byte, index) => {
    const within = index % width;
    out[index - within + (width - 1 - within)] = byte;
  });
  return out;
}

function kindOf(value: object): Kind | null {
  if (value instanceof Uint8Array) return "$u8";
  if (value instanceof Float32Array) return "$f32";
  return value instanceof Float64Array ? "$f64" : null;
}

/** JSON-safe copy of `value`. NaN and the infinities are kept as `{"$number": "NaN"}`; undefined fields are left out. */
export function toPortable(value: unknown): Portable {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : { $number: String(value) };
  if (Array.isArray(value)) return value.map(toPortable);
  if (typeof value === "object") {
    const kind = kindOf(value);
    if (kind !== null && ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      return { [kind]: toBase64(swapped(bytes, kinds[kind].BYTES_PER_ELEMENT)) };
    }
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, field]) => field !== undefined)
        .map(([key, field]) => [key, toPortable(field)]),
    );
  }
  throw new PathlightError("internal", `A ${typeof value} cannot be written into a report.`);
}

/** Undoes `toPortable`. Validate what comes back: it was read from a file. */
export function fromPortable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromPortable);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && typeof only[1] === "string") {
    const [key, text] = only;
    if (key === "$number") return Number(text);
    const kind = (Object.keys(kinds) as Kind[]).find((candidate) => candidate === key);
    if (kind !== undefined) {
      const array = kinds[kind];
      const bytes = swapped(fromBase64(text), array.BYTES_PER_ELEMENT);
      return new array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / array.BYTES_PER_ELEMENT);
    }
  }
  return Object.fromEntries(entries.map(([key, field]) => [key, fromPortable(field)]));
}
