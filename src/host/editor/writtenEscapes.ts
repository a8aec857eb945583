import { WrittenText } from "./writtenText.ts";

const jsonEscapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/** The inside of a JSON string, which stands at `offset`: valid JSON is taken for granted. */
export function writtenJsonString(inside: string, offset: number): WrittenText {
  const written = new WrittenText();
  let plain = 0;
  for (let at = inside.indexOf("\\"); at !== -1; at = inside.indexOf("\\", plain)) {
    written.copy(inside.slice(plain, at), offset + plain);
    const kind = inside.charAt(at + 1);
    const length = kind === "u" ? 6 : 2;
    const text =
      kind === "u"
        ? String.fromCharCode(Number.parseInt(inside.slice(at + 2, at + 6), 16))
        : (jsonEscapes[kind] ?? kind);
    written.stand(text, offset + at, length);
    plain = at + length;
  }
  return written.copy(inside.slice(plain), offset + plain);
}
