import * as vscode from "vscode";
import { DisposableStore } from "../../common/disposable.ts";
import type { PathlightError } from "../../common/errors.ts";
import type { ExplainRequest, Settings } from "../../protocol/explain.ts";
import type { Explanation } from "../../protocol/explanation.ts";
import { settings } from "../settings.ts";
import { SourceWatcher } from "../sourceWatcher.ts";
import type { ModelTarget, SampleTarget, Subject } from "../subject.ts";
import type { EditorHighlights, EditorLens } from "./editorHighlights.ts";
import { explanationSummary, predictionText } from "./explanationSummary.ts";
import { type LiveRunOptions, LiveRuns } from "./liveRuns.ts";
import { type LiveKind, type LiveProblem, type LiveReading, liveMove, readLive, typedSamples } from "./liveText.ts";
import { changesOf, textOfDocument } from "./vscodeText.ts";
import type { Span } from "./writtenText.ts";

const ID = "live";

/** What is to be explained while it is typed. */
export interface LiveStart {
  readonly document: vscode.TextDocument;
  readonly kind: LiveKind;
  readonly region: Span;
  readonly title: string;
  readonly model: ModelTarget;
  /** The sample as it is without typing: a row of a file, of whose folder a mean baseline is taken. */
  readonly sample: SampleTarget;
  /** What the model's inputs get of that sample, with their columns. */
  readonly asked: ExplainRequest["samples"];
  /** The model's settings, or those of the panel that shows the same. Asked before each run. */
  settings(): Settings;
}

export interface LiveServices {
  readonly highlights: EditorHighlights;
  explain(request: ExplainRequest, subject: Subject, options: LiveRunOptions): Promise<Explanation>;
  release(runId: string): void;
  /** Keeps the compute process alive. */
  lease(): vscode.Disposable;
  /** Puts the last explanation into the history. */
  remember(explanation: Explanation, request: ExplainRequest): Promise<unknown>;
  log(error: PathlightError): void;
}

interface Wanted {
  readonly key: string;
  readonly reading: LiveReading;
  readonly request: ExplainRequest;
}

type LiveState =
  | { readonly kind: "waiting" }
  | { readonly kind: "running"; readonly prediction: string | null }
  | { readonly kind: "problem"; readonly why: string }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "done"; readonly explanation: Explanation };

interface Session {
  readonly start: LiveStart;
  readonly runs: LiveRuns<Wanted>;
  readonly held: DisposableStore;
  region: Span;
  state: LiveState;
  /** What stands there now; undefined: nothing that could be explained. */
  wanted: Wanted | undefined;
  timer: NodeJS.Timeout | undefined;
  /** The last explanation that was done, and whether the history has it. */
  last: { readonly explanation: Explanation; readonly wanted: Wanted } | undefined;
  kept: boolean;
}

/**
 * Explains one text while it is typed: after a pause what stands there is explained, whatever runs then is cancelled, and
 * colours come when their text is still the same. The history gets the last explanation when the mode ends, or the one that
 * is opened in a panel: one for every pause would push out what was asked for on purpose.
 */
export class LiveMode implements vscode.Disposable {
  readonly #services: LiveServices;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new vscode.EventEmitter<void>());
  readonly #item = this.#store.add(
    vscode.window.createStatusBarItem("pathlight.live", vscode.StatusBarAlignment.Right, 89),
  );
  #session: Session | undefined;
  readonly onDidChange = this.#changed.event;

  constructor(services: LiveServices) {
    this.#services = services;
    this.#item.name = vscode.l10n.t("Pathlight: Explain While Typing");
    this.#item.command = "pathlight.stopExplainingWhileTyping";
    const { workspace, window } = vscode;
    this.#store.add(workspace.onDidChangeTextDocument((event) => this.#onTextChange(event)));
    this.#store.add(workspace.onDidCloseTextDocument((document) => this.#onClose(document)));
    this.#store.add(window.tabGroups.onDidChangeTabs(({ closed }) => this.#onTabs(closed)));
  }

  /** The document and place that is live. */
  get place(): { readonly document: vscode.TextDocument; readonly region: Span } | undefined {
    const session = this.#session;
    return session === undefined ? undefined : { document: session.start.document, region: session.region };
  }

  /** What is being done, for tests and the lens. */
  get state(): LiveState["kind"] | "off" {
    return this.#session?.state.kind ?? "off";
  }

  /** The text that is explained and how: what a panel would be opened with. */
  get subject(): { readonly subject: Subject; readonly settings: Settings } | undefined {
    const done = this.#session?.last;
    const session = this.#session;
    if (done === undefined || session === undefined) return undefined;
    const { reading, request } = done.wanted;
    const sample = { ...this.#sampleOf(session, reading), asked: request.samples };
    return { subject: { sample, model: session.start.model }, settings: request.settings };
  }

  start(start: LiveStart): void {
    this.stop();
    const held = new DisposableStore();
    held.add(this.#services.lease());
    const watcher = held.add(new SourceWatcher(undefined, start.model.ref.path, () => this.#onModelChange(session)));
    const runs = new LiveRuns<Wanted>(
      ({ request }, { signal, onEvent }) =>
        this.#services.explain(
          request,
          { sample: start.sample, model: start.model },
          {
            signal,
            onEvent: (event) => {
              if (event.type === "model") watcher.watchModel(event.files);
              onEvent(event);
            },
          },
        ),
      (runId) => this.#services.release(runId),
      {
        onProgress: (wanted, explanation) => this.#onProgress(wanted, explanation),
        onDone: (wanted, explanation) => this.#onDone(wanted, explanation),
        onFailed: (wanted, error) => this.#onFailed(wanted, error),
      },
    );
    const { region } = start;
    const session: Session = {
      start,
      runs,
      held,
      region,
      state: { kind: "waiting" },
      wanted: undefined,
      timer: undefined,
      last: undefined,
      kept: false,
    };
    this.#session = session;
    void vscode.commands.executeCommand("setContext", "pathlight.live", true);
    this.#look(session);
    this.#run(session);
  }

  /** Ends the mode; the last explanation goes into the history. */
  stop(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    clearTimeout(session.timer);
    session.runs.dispose();
    session.held.dispose();
    const { last } = session;
    if (last !== undefined && !session.kept) {
      this.#services.remember(last.explanation, last.wanted.request).catch((error: PathlightError) => {
        this.#services.log(error);
      });
    }
    this.#services.highlights.clear(ID);
    void vscode.commands.executeCommand("setContext", "pathlight.live", false);
    this.#update();
  }

  /** The last explanation has been opened in a panel, which remembers it. */
  opened(): void {
    if (this.#session !== undefined) this.#session.kept = true;
  }

  lenses(document: vscode.TextDocument): EditorLens[] {
    const session = this.#session;
    if (session === undefined || session.start.document !== document) return [];
    const line = document.positionAt(session.region.start).line;
    const { title, tooltip } = this.#words(session);
    const command = session.last === undefined ? "pathlight.stopExplainingWhileTyping" : "pathlight.openLive";
    const stop = {
      title: vscode.l10n.t("Stop"),
      tooltip: vscode.l10n.t("Stop explaining while typing"),
      command: "pathlight.stopExplainingWhileTyping",
    };
    return [
      { line, title, tooltip, command, arguments: [] },
      { line, ...stop, arguments: [] },
    ];
  }

  dispose(): void {
    const session = this.#session;
    this.#session = undefined;
    clearTimeout(session?.timer);
    session?.runs.dispose();
    session?.held.dispose();
    this.#store.dispose();
  }

  #words({ state }: Session): { readonly title: string; readonly tooltip: string } {
    const live = vscode.l10n.t("Live");
    switch (state.kind) {
      case "waiting":
        return { title: `$(sync~spin) ${live} · ${vscode.l10n.t("Explaining…")}`, tooltip: "" };
      case "running":
        return {
          title: `$(sync~spin) ${live} · ${state.prediction ?? vscode.l10n.t("Explaining…")}`,
          tooltip: "",
        };
      case "problem":
        return {
          title: `$(broadcast) ${live} · ${state.why}`,
          tooltip: vscode.l10n.t("Nothing is explained until it is mended."),
        };
      case "failed":
        return { title: `$(error) ${live} · ${state.why}`, tooltip: vscode.l10n.t("The log has more.") };
      case "done": {
        const summary = explanationSummary(state.explanation, settings.warnAbove());
        const mark = summary.distrusted ? "$(warning) " : "";
        return { title: `$(broadcast) ${live} · ${mark}${summary.title}`, tooltip: summary.details };
      }
    }
  }

  #onTextChange(event: vscode.TextDocumentChangeEvent): void {
    const session = this.#session;
    if (session === undefined || event.document !== session.start.document) return;
    let touched = false;
    for (const change of changesOf(event)) {
      const moved = liveMove(session.region, change, session.start.kind);
      touched ||= moved.touched;
      session.region = { start: moved.start, end: moved.end };
    }
    if (!touched) return;
    // The text is another one: whatever runs is of the one before.
    session.runs.cancel();
    clearTimeout(session.timer);
    this.#look(session);
    if (session.state.kind === "waiting") {
      session.timer = setTimeout(() => this.#run(session), settings.livePause());
    }
  }

  /** What was explained is of the model as it was. */
  #onModelChange(session: Session): void {
    if (session !== this.#session || settings.onModelChange() === "ignore") return;
    session.runs.cancel();
    session.runs.forget();
    this.#services.highlights.clear(ID);
    this.#look(session);
    this.#run(session);
  }

  /** Reads what stands there, and shows what is known of it. */
  #look(session: Session): void {
    const { start } = session;
    const active = vscode.window.activeTextEditor;
    const cursor = active?.document === start.document ? start.document.offsetAt(active.selection.active) : null;
    const { uri } = start.document;
    const origin = uri.scheme === "untitled" ? undefined : uri.fsPath;
    const reading = readLive(textOfDocument(start.document), session.region, start.kind, cursor, origin);
    const wanted = "problem" in reading ? reading : this.#wantedOf(session, reading);
    if ("problem" in wanted) {
      session.wanted = undefined;
      session.state = { kind: "problem", why: wanted.problem };
      this.#update();
      return;
    }
    session.region = wanted.reading.place;
    session.wanted = wanted;
    const known = session.runs.known(wanted.key);
    if (known === undefined) session.state = { kind: "waiting" };
    else this.#show(session, wanted, known);
    this.#update();
  }

  #wantedOf({ start }: Session, reading: LiveReading): Wanted | LiveProblem {
    const samples = typedSamples(start.asked, reading.sample);
    if ("problem" in samples) return samples;
    const wanted = start.settings();
    const request = { model: start.model.ref, samples: [...samples], settings: wanted };
    return { key: JSON.stringify([samples, wanted]), reading, request };
  }

  #run(session: Session): void {
    const { wanted } = session;
    if (session !== this.#session || wanted === undefined || session.state.kind !== "waiting") return;
    session.state = { kind: "running", prediction: null };
    this.#update();
    session.runs.want(wanted);
  }

  #onProgress(wanted: Wanted, explanation: Explanation): void {
    const session = this.#session;
    if (session === undefined || session.wanted?.key !== wanted.key) return;
    session.state = { kind: "running", prediction: predictionText(explanation) };
    // Of a slow model the first map is there long before the last; its hovers say that it is one.
    if (explanation.evaluations > 0) this.#paint(session, wanted, explanation);
    this.#update();
  }

  #onDone(wanted: Wanted, explanation: Explanation): void {
    const session = this.#session;
    if (session === undefined || session.wanted?.key !== wanted.key) return;
    this.#show(session, wanted, explanation);
    this.#update();
  }

  #onFailed(wanted: Wanted, error: PathlightError): void {
    const session = this.#session;
    if (session === undefined || session.wanted?.key !== wanted.key) return;
    this.#services.log(error);
    // A first map of what failed afterwards is not to be read.
    this.#services.highlights.clear(ID);
    session.state = { kind: "failed", why: error.message };
    this.#update();
  }

  #show(session: Session, wanted: Wanted, explanation: Explanation): void {
    session.state = { kind: "done", explanation };
    if (session.last?.explanation !== explanation) session.kept = false;
    session.last = { explanation, wanted };
    this.#paint(session, wanted, explanation);
  }

  #paint(session: Session, wanted: Wanted, explanation: Explanation): void {
    const { highlights } = this.#services;
    // Where it stands now: it may have moved while it ran.
    highlights.follow(ID, this.#sampleOf(session, { ...wanted.reading, place: session.region }));
    highlights.show(ID, explanation, { command: "pathlight.openLive", arguments: [], outdated: false });
  }

  #sampleOf({ start }: Session, { sample, place, source }: LiveReading): SampleTarget {
    return {
      kind: "text",
      sample,
      title: start.title,
      place: { uri: start.document.uri.toString(), ...place, source },
    };
  }

  #onClose(document: vscode.TextDocument): void {
    if (this.#session?.start.document === document) this.stop();
  }

  /** A document may stay loaded for minutes after its last editor; what nobody sees is not explained. */
  #onTabs(closed: readonly vscode.Tab[]): void {
    const uri = this.#session?.start.document.uri.toString();
    const shows = ({ input }: vscode.Tab): boolean =>
      (input instanceof vscode.TabInputText && input.uri.toString() === uri) ||
      (input instanceof vscode.TabInputTextDiff &&
        [input.original, input.modified].some((one) => one.toString() === uri));
    if (!closed.some(shows)) return;
    if (!vscode.window.tabGroups.all.some(({ tabs }) => tabs.some(shows))) this.stop();
  }

  #update(): void {
    const session = this.#session;
    if (session === undefined) this.#item.hide();
    else {
      const busy = session.state.kind === "waiting" || session.state.kind === "running";
      this.#item.text = `${busy ? "$(sync~spin)" : "$(broadcast)"} ${vscode.l10n.t("Live: {0}", session.start.title)}`;
      this.#item.tooltip = vscode.l10n.t("Pathlight explains {0} while you type. Click to stop.", session.start.title);
      this.#item.show();
    }
    this.#changed.fire();
  }
}
