/** A byte as a person reads it where it is no text. */
export function byteText(byte: number): string {
  if (byte > 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return byte === 0x20 ? " " : `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}
