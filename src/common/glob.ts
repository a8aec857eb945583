/** Globs of the manifest as regular expressions: `*`, `**`, `?`, `{a,b}`, `[abc]`; `/` separates on every platform. */
export function globToRegExp(glob: string): RegExp {
  const pattern = glob.replace(/^\.\//, "");
  let source = "";
  let braces = 0;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    if (character === "*") {
      if (pattern.charAt(i + 1) !== "*") source += "[^/]*";
      else {
        const wholeSegment = pattern.charAt(i + 2) === "/" && (i === 0 || pattern.charAt(i - 1) === "/");
        source += wholeSegment ? "(?:[^/]+/)*" : ".*";
        i += wholeSegment ? 2 : 1;
      }
    } else if (character === "?") source += "[^/]";
    else if (character === "{") {
      braces++;
      source += "(?:";
    } else if (character === "}" && braces > 0) {
      braces--;
      source += ")";
    } else if (character === "," && braces > 0) source += "|";
    else if (character === "[" && pattern.indexOf("]", i + 2) > 0) {
      const end = pattern.indexOf("]", i + 2);
      const members = pattern.slice(i + 1, end).replaceAll("\\", "\\\\");
      source += `[${members.startsWith("!") ? `^${members.slice(1)}` : members}]`;
      i = end;
    } else source += character.replace(/[\\^$.|+()[\]{}]/, "\\$&");
  }
  return new RegExp(`^${source}${")".repeat(braces)}$`, "u");
}

export function matchesGlob(path: string, globs: string | readonly string[]): boolean {
  const list = typeof globs === "string" ? [globs] : globs;
  return list.some((glob) => globToRegExp(glob).test(path));
}
