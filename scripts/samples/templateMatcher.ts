import { questionFillers } from "./questionFillers.ts";

/** An expression that matches exactly the questions a template can make (its pairs in any combination). */
export function templateMatcher(template: string): RegExp {
  const fillers: ReadonlyMap<string, readonly (string | readonly [string, string])[]> = new Map(
    Object.entries(questionFillers),
  );
  const parts = template.split(/(\{\w+(?:\.[12])?\})/u).map((part) => {
    const slot = /^\{(\w+)(?:\.([12]))?\}$/u.exec(part);
    if (slot === null) return escaped(part);
    const half = slot[2] === "2" ? 1 : 0;
    const entries = fillers.get(slot[1] ?? "") ?? [];
    return `(?:${entries.map((entry) => escaped(typeof entry === "string" ? entry : entry[half])).join("|")})`;
  });
  return new RegExp(`^${parts.join("")}$`, "iu");
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/gu, "\\$&");
}
