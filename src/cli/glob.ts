/**
 * Whether a path (forward slashes) matches a glob: `*` and `?` within a name, `**` over folders, `{a,b}` for choices,
 * `[a-z]` for sets.
 */
export function matchesGlob(path: string, pattern: string): boolean {
  return globExpression(pattern.replace(/^\.\//, "")).test(path);
}

function globExpression(pattern: string): RegExp {
  let source = "";
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    const set = character === "[" ? /^\[(!?)([^\]]+)\]/.exec(pattern.slice(at)) : null;
    if (pattern.startsWith("**/", at)) {
      source += "(?:[^/]+/)*";
      at += 2;
    } else if (pattern.startsWith("**", at)) {
      source += ".*";
      at += 1;
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (set !== null) {
      source += `[${set[1] === "!" ? "^" : ""}${(set[2] ?? "").replaceAll("\\", "\\\\")}]`;
      at += set[0].length - 1;
    } else if (character === "{") {
      source += "(?:";
      depth++;
    } else if (character === "}" && depth > 0) {
      source += ")";
      depth--;
    } else if (character === "," && depth > 0) source += "|";
    else source += character.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  }
  return new RegExp(`^${source}${")".repeat(depth)}$`, "u");
}
