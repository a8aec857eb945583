import type { DocumentText } from "../../../../src/host/editor/documentText.ts";

/** A document that is a string. */
export function stringDocument(text: string): DocumentText {
  return {
    length: text.length,
    slice: (start, end) => text.slice(start, end),
    lineStart: (offset) => text.lastIndexOf("\n", offset - 1) + 1,
    lineEnd: (offset) => {
      const feed = text.indexOf("\n", offset);
      if (feed === -1) return text.length;
      return feed > offset && text.charAt(feed - 1) === "\r" ? feed - 1 : feed;
    },
  };
}
