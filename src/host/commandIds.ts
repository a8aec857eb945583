import type { BackendPreference } from "../protocol/explain.ts";

/**
 * Every command and the arguments that it gets. What comes from menus and links is not checked by VS Code, so handlers
 * take it as `unknown` and look at it themselves; what Pathlight's own lenses and actions pass is typed.
 */
export interface CommandArguments {
  "pathlight.explain": [resource?: unknown];
  "pathlight.explainRow": [resource?: unknown, row?: unknown];
  "pathlight.explainSelection": [];
  "pathlight.explainText": [text: unknown, origin: unknown];
  "pathlight.openPanel": [];
  "pathlight.openExplanation": [item?: unknown];
  "pathlight.deleteExplanation": [item?: unknown, selected?: unknown];
  "pathlight.compareExplanations": [item?: unknown, selected?: unknown];
  "pathlight.compareWith": [];
  "pathlight.clearHistory": [];
  "pathlight.exportImage": [item?: unknown];
  "pathlight.exportReport": [item?: unknown];
  "pathlight.exportData": [item?: unknown];
  "pathlight.refine": [panelId?: unknown];
  "pathlight.explainLogit": [panelId?: unknown];
  "pathlight.anotherBaseline": [panelId?: unknown];
  "pathlight.audit": [panelId?: unknown];
  "pathlight.fix": [panelId?: unknown];
  "pathlight.explainAgain": [];
  "pathlight.cancel": [];
  "pathlight.chooseModel": [];
  "pathlight.inspectModel": [resource?: unknown];
  "pathlight.convertSavedModel": [resource?: unknown];
  "pathlight.chooseBackend": [preference?: BackendPreference];
  "pathlight.installTensorFlow": [];
  "pathlight.restartCompute": [];
  "pathlight.openManifest": [];
  "pathlight.openSamples": [];
  "pathlight.showLog": [];
  "pathlight.explainWhileTyping": [];
  "pathlight.stopExplainingWhileTyping": [];
  "pathlight.openLive": [];
  "pathlight.toggleHighlights": [];
  "pathlight.clearHighlights": [];
}

export type CommandId = keyof CommandArguments;

export type CommandHandlers = {
  readonly [Id in CommandId]: (...args: CommandArguments[Id]) => Promise<void> | void;
};

/** The ids as data; `satisfies` makes the compiler refuse a missing or an extra one. */
const table = {
  "pathlight.explain": true,
  "pathlight.explainRow": true,
  "pathlight.explainSelection": true,
  "pathlight.explainText": true,
  "pathlight.openPanel": true,
  "pathlight.openExplanation": true,
  "pathlight.deleteExplanation": true,
  "pathlight.compareExplanations": true,
  "pathlight.compareWith": true,
  "pathlight.clearHistory": true,
  "pathlight.exportImage": true,
  "pathlight.exportReport": true,
  "pathlight.exportData": true,
  "pathlight.refine": true,
  "pathlight.explainLogit": true,
  "pathlight.anotherBaseline": true,
  "pathlight.audit": true,
  "pathlight.fix": true,
  "pathlight.explainAgain": true,
  "pathlight.cancel": true,
  "pathlight.chooseModel": true,
  "pathlight.inspectModel": true,
  "pathlight.convertSavedModel": true,
  "pathlight.chooseBackend": true,
  "pathlight.installTensorFlow": true,
  "pathlight.restartCompute": true,
  "pathlight.openManifest": true,
  "pathlight.openSamples": true,
  "pathlight.showLog": true,
  "pathlight.explainWhileTyping": true,
  "pathlight.stopExplainingWhileTyping": true,
  "pathlight.openLive": true,
  "pathlight.toggleHighlights": true,
  "pathlight.clearHighlights": true,
} as const satisfies Record<CommandId, true>;

export const commandIds = Object.keys(table) as CommandId[];
