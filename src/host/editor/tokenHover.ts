import * as vscode from "vscode";
import type { Explanation, Token } from "../../protocol/explanation.ts";
import { formatCount, formatScore, formatShare, formatSigned } from "../../protocol/format.ts";
import type { PlacedTokens, TokenSpan } from "./tokenSpans.ts";

/** What is known of a token: value with its error, share of the change, rank, id, and whether it may be read at all. */
export function tokenHover(
  span: TokenSpan,
  { ranked }: PlacedTokens,
  explanation: Pick<Explanation, "deltaF" | "target">,
  distrust: string | null,
): vscode.MarkdownString {
  const { deltaF, target } = explanation;
  const error = span.error === null ? "" : ` ± ${formatScore(Math.abs(span.error), 2)}`;
  const text = new vscode.MarkdownString();
  text.appendMarkdown("**");
  text.appendText(`${formatSigned(span.value)}${error}`);
  text.appendMarkdown("** ");
  text.appendText(vscode.l10n.t("for {0}", target.label));
  const share = deltaF === 0 ? [] : [vscode.l10n.t("{0} of the change", formatShare(span.value / deltaF))];
  const rank = vscode.l10n.t("rank {0} of {1}", formatCount(span.rank), formatCount(ranked));
  text.appendMarkdown("\n\n");
  text.appendText([...share, rank].join(" · "));
  text.appendMarkdown("\n\n");
  text.appendText(tokensText(span.tokens));
  const why = distrust ?? (span.uncertain ? vscode.l10n.t("Smaller than its own error: do not read it.") : null);
  if (why !== null) {
    text.appendMarkdown("\n\n$(warning) ");
    text.appendText(why);
  }
  text.supportThemeIcons = true;
  return text;
}

const MOST_TOKENS = 6;

/** `token who, id 17`; bytes of a character, or tokens of an escape, with all of their ids. */
function tokensText(tokens: readonly Token[]): string {
  const [first] = tokens;
  if (first === undefined) return "";
  const unknown = tokens.some(({ special }) => special === "unknown")
    ? vscode.l10n.t(", unknown to the tokenizer")
    : "";
  if (tokens.length === 1) return `${vscode.l10n.t("token {0}, id {1}", first.text, first.id)}${unknown}`;
  const ids = tokens.slice(0, MOST_TOKENS).map(({ id }) => id);
  const more = tokens.length > MOST_TOKENS ? ", …" : "";
  return `${vscode.l10n.t("{0} tokens, ids {1}", tokens.length, `${ids.join(", ")}${more}`)}${unknown}`;
}
