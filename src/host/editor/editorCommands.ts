import * as vscode from "vscode";
import { PathlightError } from "../../common/errors.ts";
import type { CommandHandlers } from "../commandIds.ts";
import type { Services } from "../services.ts";
import { liveStart } from "./liveStart.ts";

type EditorCommand =
  | "pathlight.explainWhileTyping"
  | "pathlight.stopExplainingWhileTyping"
  | "pathlight.openLive"
  | "pathlight.toggleHighlights"
  | "pathlight.clearHighlights";

/** What the commands do that act on the text in front. */
export function editorCommands(services: Services): Pick<CommandHandlers, EditorCommand> {
  const { live, highlights, panels } = services;
  return {
    "pathlight.explainWhileTyping": async () => {
      const editor = vscode.window.activeTextEditor;
      if (editor === undefined) {
        throw new PathlightError("sample-empty", "No text editor is in front.", {
          whatToDo: "Put the cursor into a row of a data file, a line or a string literal, or select a text.",
        });
      }
      const { place } = live;
      const offset = editor.document.offsetAt(editor.selection.active);
      const here = place?.document === editor.document && offset >= place.region.start && offset <= place.region.end;
      if (here) return live.stop();
      const start = await liveStart(editor, services);
      if (start !== undefined) live.start(start);
    },
    "pathlight.stopExplainingWhileTyping": () => live.stop(),
    "pathlight.openLive": async () => {
      const { subject } = live;
      if (subject === undefined) return;
      live.opened();
      await panels.explain(subject.subject, subject.settings);
    },
    "pathlight.toggleHighlights": async () => {
      const configuration = vscode.workspace.getConfiguration("pathlight");
      const on = configuration.get("editorHighlights", true);
      await configuration.update("editorHighlights", !on, vscode.ConfigurationTarget.Global);
    },
    "pathlight.clearHighlights": () => highlights.clearAll(),
  };
}
