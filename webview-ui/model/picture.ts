import type { Shown } from "../../src/protocol/panel.ts";

export interface Picture {
  readonly bitmap: ImageBitmap;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Decodes the picture once: every draft of a run brings the same bytes again. */
export class PictureCache {
  #bytes: Uint8Array | null = null;
  #picture: Picture | null = null;

  load(source: Shown["picture"]): Picture | null | Promise<Picture> {
    if (source === null) return null;
    if (this.#bytes !== null && this.#picture !== null && same(this.#bytes, source.bytes)) return this.#picture;
    return this.#decode(source.bytes, source.mime);
  }

  async #decode(bytes: Uint8Array, mime: string): Promise<Picture> {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: mime }));
    const picture = { bitmap };
    this.#bytes = bytes;
    this.#picture = picture;
    return picture;
  }
}
