export type ImageFormat = "png" | "jpeg" | "webp" | "gif" | "tiff" | "bmp" | "avif";

/** The format by the first bytes; null when they belong to none that is read. The name of a file is not looked at. */
export function imageFormat(bytes: Uint8Array): ImageFormat | null {
  const ascii = (start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));
  if (ascii(0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (ascii(0, 3) === "\xff\xd8\xff") return "jpeg";
  if (ascii(0, 4) === "RIFF" && ascii(8, 12) === "WEBP") return "webp";
  if (ascii(0, 6) === "GIF87a" || ascii(0, 6) === "GIF89a") return "gif";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(ascii(0, 4))) return "tiff";
  if (ascii(0, 2) === "BM") return "bmp";
  if (ascii(4, 8) === "ftyp" && ["avif", "avis"].includes(ascii(8, 12))) return "avif";
  return null;
}

/** Width and height as the header says, without decoding; null where the format keeps them elsewhere. */
export function headerSize(bytes: Uint8Array, format: ImageFormat): { width: number; height: number } | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format === "png" && bytes.length >= 24) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (format === "gif" && bytes.length >= 10)
    return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (format === "bmp" && bytes.length >= 26) {
    if (view.getUint32(14, true) === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
    return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
  }
  return null;
}

/** What a file that is no image seems to be, for the error message. */
export function describeContent(bytes: Uint8Array): string {
  const head = bytes.subarray(0, 512);
  const text = new TextDecoder().decode(head);
  if (/<svg[\s>]/.test(text)) return "an SVG drawing";
  if (text.startsWith("%PDF")) return "a PDF document";
  if (head[0] === 0x93 && text.includes("NUMPY")) return "a .npy array";
  if (String.fromCharCode(...head.subarray(4, 8)) === "ftyp") return "a HEIC picture or a video";
  // The last characters may be cut in half.
  const isText = [...text.slice(0, -3)].every((character) => character >= "\t" && character !== "\ufffd");
  if (isText) return `text that starts “${text.slice(0, 40).replaceAll(/\s+/g, " ").trim()}”`;
  return `bytes ${[...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`;
}
