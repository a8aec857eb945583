import * as vscode from "vscode";
import { type CommandHandlers, type CommandId, commandIds } from "./host/commandIds.ts";
import { FileModelContext } from "./host/fileModelContext.ts";
import { Log } from "./host/log.ts";
import type { Services } from "./host/services.ts";
import { literalAt } from "./host/stringLiteral.ts";

interface Loaded {
  readonly services: Services;
  readonly handlers: CommandHandlers;
}

const sourceFiles: vscode.DocumentSelector = [
  { scheme: "file" },
  { scheme: "untitled" },
  { scheme: "vscode-notebook-cell" },
];
/** Cells of notebooks too, whatever their scheme. */
const pythonCode: vscode.DocumentSelector = { language: "python" };
const dataFiles: vscode.DocumentSelector = { scheme: "file", pattern: "**/*.{jsonl,ndjson,csv,tsv}" };

/** What the tests see of the running extension. In a user's window `activate` returns nothing: Pathlight has no API yet. */
export interface TestView {
  /** How long `activate` took, in milliseconds. */
  readonly activationMs: number;
  /** Undefined while nothing has been used yet. */
  services(): Promise<Services> | undefined;
}

/** How long `activate` took; written to the log with the first line there is, since opening a log costs time too. */
let activationMs = 0;

/**
 * Registers everything and loads nothing: whoever opens a workspace with a manifest pays a few milliseconds, and the rest
 * (schemas, services, panels) at the first use.
 */
export function activate(context: vscode.ExtensionContext): TestView | undefined {
  const started = performance.now();
  const log = new Log();
  context.subscriptions.push(log);
  const lensesChanged = new vscode.EventEmitter<void>();
  context.subscriptions.push(lensesChanged);
  let loading: Promise<Loaded> | undefined;
  const load = (): Promise<Loaded> => {
    loading ??= loadServices(context, log, () => lensesChanged.fire());
    return loading;
  };
  for (const id of commandIds) {
    const run = (...args: unknown[]): Promise<void> => runCommand(load, log, id, args);
    context.subscriptions.push(vscode.commands.registerCommand(id, run));
  }
  context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer("pathlight.panel", {
      deserializeWebviewPanel: async (panel, state) => (await load()).services.panels.revive(panel, state),
    }),
    vscode.window.registerCustomEditorProvider("pathlight.model", lazyModelEditor(load), {
      supportsMultipleEditorsPerDocument: true,
    }),
    vscode.languages.registerCodeActionsProvider(pythonCode, lazyExportActions(), {
      providedCodeActionKinds: [vscode.CodeActionKind.RefactorRewrite],
    }),
    vscode.languages.registerHoverProvider(sourceFiles, {
      provideHover: (document, position, token) => provideHover(load, document, position, token),
    }),
    vscode.languages.registerHoverProvider(sourceFiles, {
      // Without services nothing has been explained yet.
      provideHover: async (document, position) => (await loading)?.services.highlights.hover(document, position),
    }),
    vscode.languages.registerCodeLensProvider(dataFiles, lazyRowLenses(load, lensesChanged.event)),
    vscode.languages.registerCodeLensProvider(sourceFiles, {
      onDidChangeCodeLenses: lensesChanged.event,
      provideCodeLenses: async (document) => {
        // Data files have theirs with those of their rows.
        if (vscode.languages.match(dataFiles, document) > 0) return [];
        return (await loading)?.services.textLenses.provideCodeLenses(document);
      },
    }),
    vscode.languages.registerCodeActionsProvider(
      { scheme: "file", pattern: "**" },
      {
        // Without services there is no panel, hence no warning to act on.
        provideCodeActions: async (document, range, actions) =>
          (await loading)?.services.diagnostics.provideCodeActions(document, range, actions),
      },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
    ),
  );
  registerHistory(context, load);
  watchManifests(context);
  context.subscriptions.push(new FileModelContext(log));
  void watchModelFolders(context);
  activationMs = performance.now() - started;
  if (context.extensionMode !== vscode.ExtensionMode.Test) return undefined;
  return { activationMs, services: () => loading?.then(({ services }) => services) };
}

async function loadServices(context: vscode.ExtensionContext, log: Log, onLenses: () => void): Promise<Loaded> {
  const started = performance.now();
  const [{ Services }, { commandHandlers }] = await Promise.all([
    import("./host/services.ts"),
    import("./host/commands.ts"),
  ]);
  const services = new Services(context, log);
  context.subscriptions.push(
    services,
    services.history.onDidChange(onLenses),
    services.textLenses.onDidChange(onLenses),
  );
  const loadMs = performance.now() - started;
  log.info(`Activated in ${activationMs.toFixed(1)} ms, loaded in ${loadMs.toFixed(1)} ms.`);
  return { services, handlers: commandHandlers(services) };
}

async function runCommand(load: () => Promise<Loaded>, log: Log, id: CommandId, args: unknown[]): Promise<void> {
  try {
    const { handlers } = await load();
    // Arguments come from menus, links and lenses; each handler checks what it takes.
    const handler = handlers[id] as (...args: unknown[]) => Promise<void> | void;
    await handler(...args);
  } catch (thrown) {
    const { showError } = await import("./host/errorMessage.ts");
    showError(log, id, thrown);
  }
}

async function provideHover(
  load: () => Promise<Loaded>,
  document: vscode.TextDocument,
  position: vscode.Position,
  token: vscode.CancellationToken,
): Promise<vscode.Hover | undefined> {
  const literal = literalAt(document.lineAt(position.line).text, position.character);
  if (literal === undefined) return undefined;
  const { SampleHover, mayNameSample } = await import("./host/sampleHover.ts");
  const enabled = vscode.workspace.getConfiguration("pathlight", document.uri).get("hover", true);
  if (!enabled || !mayNameSample(literal.value) || token.isCancellationRequested) return undefined;
  const { services } = await load();
  const range = new vscode.Range(position.line, literal.start, position.line, literal.end);
  return new SampleHover(services.history, services.manifests).hover(document, literal, range, token);
}

function lazyRowLenses(load: () => Promise<Loaded>, onDidChange: vscode.Event<void>): vscode.CodeLensProvider {
  let lenses: Promise<vscode.CodeLensProvider> | undefined;
  const make = async (): Promise<vscode.CodeLensProvider> => {
    const [{ services }, { RowLenses }] = await Promise.all([load(), import("./host/rowLenses.ts")]);
    return new RowLenses(services.history, services.textLenses);
  };
  return {
    onDidChangeCodeLenses: onDidChange,
    provideCodeLenses: async (document, token) => {
      lenses ??= make();
      return (await lenses).provideCodeLenses(document, token);
    },
  };
}

function lazyModelEditor(load: () => Promise<Loaded>): vscode.CustomReadonlyEditorProvider {
  return {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    resolveCustomEditor: async (document, panel) => {
      const [{ services }, { showModel }] = await Promise.all([load(), import("./host/modelEditor.ts")]);
      showModel(document.uri, panel, services);
    },
  };
}

function lazyExportActions(): vscode.CodeActionProvider {
  return {
    provideCodeActions: async (document, range) => {
      const { exportActions } = await import("./host/exportActions.ts");
      return exportActions(document, range);
    },
  };
}

/** So that the Explorer offers to inspect a folder that is a model, and no other. */
async function watchModelFolders(context: vscode.ExtensionContext): Promise<void> {
  const { ModelFolders } = await import("./host/modelFolders.ts");
  context.subscriptions.push(new ModelFolders());
}

function registerHistory(context: vscode.ExtensionContext, load: () => Promise<Loaded>): void {
  const changed = new vscode.EventEmitter<undefined>();
  context.subscriptions.push(changed);
  let tree: Promise<vscode.TreeDataProvider<unknown>> | undefined;
  const make = async (): Promise<vscode.TreeDataProvider<unknown>> => {
    const [{ services }, { HistoryTree }] = await Promise.all([load(), import("./host/historyTree.ts")]);
    context.subscriptions.push(services.history.onDidChange(() => changed.fire(undefined)));
    return new HistoryTree(services.history) as vscode.TreeDataProvider<unknown>;
  };
  const provider: vscode.TreeDataProvider<unknown> = {
    onDidChangeTreeData: changed.event,
    getChildren: async (element) => {
      tree ??= make();
      return (await tree).getChildren(element);
    },
    getTreeItem: async (element) => {
      tree ??= make();
      return (await tree).getTreeItem(element);
    },
  };
  context.subscriptions.push(
    vscode.window.createTreeView("pathlight.history", { treeDataProvider: provider, canSelectMany: true }),
  );
}

/** The checker of manifests is loaded when one is open. */
function watchManifests(context: vscode.ExtensionContext): void {
  let checking = false;
  const check = async (document: vscode.TextDocument): Promise<void> => {
    if (checking || !document.uri.path.endsWith("/pathlight.json")) return;
    checking = true;
    const { ManifestDiagnostics } = await import("./host/manifestDiagnostics.ts");
    context.subscriptions.push(new ManifestDiagnostics());
  };
  context.subscriptions.push(vscode.workspace.onDidOpenTextDocument(check));
  for (const document of vscode.workspace.textDocuments) void check(document);
}
