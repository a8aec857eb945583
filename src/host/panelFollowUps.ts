import * as vscode from "vscode";
import type { AuditProgress } from "../protocol/audit.ts";
import type { ExplainRequest, Settings, TargetSpec } from "../protocol/explain.ts";
import type { Explanation } from "../protocol/explanation.ts";
import { MOST_CHARACTERS } from "../protocol/expression/lexer.ts";
import type { PanelState, Shown } from "../protocol/panel.ts";
import { compactExplanation } from "./compactExplanation.ts";
import { layersCompute } from "./layersCompute.ts";
import { neighboursOf } from "./neighbours.ts";
import { PanelLayers } from "./panelLayers.ts";
import type { PanelMessages } from "./panelMessages.ts";
import type { PanelRun } from "./panelRun.ts";
import type { PanelSequence } from "./panelSequence.ts";
import type { PanelServices } from "./panelServices.ts";
import type { PanelSettings } from "./panelSettings.ts";
import type { PanelSubject } from "./panelSubject.ts";
import type { PanelView } from "./panelView.ts";
import { PanelWhatIf } from "./panelWhatIf.ts";
import { isRunLost } from "./runLost.ts";
import { RunTask } from "./runTask.ts";
import type { Subject } from "./subject.ts";

interface FollowUpParts {
  readonly view: PanelView;
  readonly subject: PanelSubject;
  readonly settings: PanelSettings;
  readonly services: PanelServices;
  readonly messages: PanelMessages;
  readonly run: PanelRun;
  readonly sequence: PanelSequence;
}

interface FollowUpListeners {
  /** Only the state: how far something is. */
  onProgress(): void;
  onChange(): void;
  /** Puts what is shown into the history. */
  remember(shown: Shown): Promise<void>;
}

/**
 * What is asked of an explanation that is there: whether its gradients are right, what pairs of tokens say to each other,
 * the other tokens of a written text, edits of the text, the inside of the network. Each ends when another explanation begins.
 */
export class PanelFollowUps implements vscode.Disposable {
  readonly #parts: FollowUpParts;
  readonly #listeners: FollowUpListeners;
  readonly #audit: RunTask<AuditProgress>;
  readonly #pairs: RunTask<{ readonly evaluations: number }>;
  readonly whatIf: PanelWhatIf;
  readonly layers: PanelLayers;

  constructor(parts: FollowUpParts, listeners: FollowUpListeners) {
    this.#parts = parts;
    this.#listeners = listeners;
    const { compute } = parts.services;
    const onChange = (): void => listeners.onProgress();
    this.#audit = new RunTask({
      call: (runId, options) => compute.call("audit", { runId }, options),
      start: { done: 0, total: 0, what: "", seconds: 0 },
      onChange,
    });
    this.#pairs = new RunTask({
      call: (runId, options) => compute.call("tokenPairs", { runId }, options),
      start: { evaluations: 0 },
      onChange,
    });
    this.whatIf = new PanelWhatIf(compute, (whatIf) => parts.messages.post({ type: "whatIf", whatIf }));
    this.layers = new PanelLayers(layersCompute(compute), {
      post: (message) => parts.messages.post(message),
      neighbours: async () => {
        const subject = parts.subject.value;
        const request = parts.settings.request(subject);
        return subject === undefined || request === undefined ? [] : neighboursOf(subject, request.samples);
      },
      release: (runId) => parts.services.release(runId),
    });
  }

  get progress(): Pick<PanelState, "auditing" | "pairing" | "sequence"> {
    return {
      auditing: this.#audit.progress,
      pairing: this.#pairs.progress,
      sequence: this.#parts.sequence.progress,
    };
  }

  /** Another question is asked; `request`: it. */
  turnTo(request: ExplainRequest | undefined): void {
    this.#audit.cancel();
    this.#pairs.cancel();
    this.layers.pause();
    this.#parts.sequence.turnTo(request);
  }

  /** What is shown once nothing changes it any more; null while a run goes on. */
  follow(explanation: Explanation | null): void {
    this.whatIf.follow(explanation);
    this.layers.follow(explanation);
  }

  cancel(): void {
    this.#audit.cancel();
    this.#pairs.cancel();
    this.#parts.sequence.cancel();
  }

  cancelAudit(): void {
    this.#audit.cancel();
  }

  /** Compares the gradients of what is shown with forward passes; the finding becomes part of the explanation. */
  audit(): Promise<void> {
    return this.#addTo(this.#audit, ({ audit }) => ({ audit }));
  }

  /** What each token of one text says to each of the other; the matrix becomes part of the explanation. */
  tokenPairs(): Promise<void> {
    return this.#addTo(this.#pairs, ({ matrix }) => ({ matrix }));
  }

  /** Explains every token of what was written; the rows become part of the explanation, as they are done. */
  async explainSequence(): Promise<void> {
    const { view, settings, sequence, run, services } = this.#parts;
    const subject = this.#parts.subject.value;
    const request = settings.request(subject);
    if (request === undefined || subject === undefined || view.valid?.explanation.produced === undefined) return;
    if (run.isUnderWay || view.stale !== null) return;
    const show = (): void => {
      if (view.valid !== null) view.present(view.valid, false);
    };
    const complete = await sequence.run(await services.withMean(request, subject), show);
    const now = view.valid;
    if (!complete || now === null) return;
    view.present(now, false);
    if (view.shown !== null && now.explanation.status !== "cancelled") await this.#listeners.remember(view.shown);
    this.#listeners.onChange();
  }

  /** What follows from a run that has just ended, unasked. */
  onRunEnd(): void {
    const { view, sequence, services } = this.#parts;
    const ended = view.valid?.explanation;
    if (view.phase === "done" && sequence.wanted(view.valid)) {
      this.explainSequence().catch((error: unknown) => services.notify(vscode.l10n.t("Explain Every Token"), error));
    }
    // Which gradient it is, is the next question.
    if (view.phase !== "done" || ended?.status !== "suspect-gradient" || ended.audit !== undefined) return;
    this.audit().catch((error: unknown) => services.notify(vscode.l10n.t("Check Gradients"), error));
  }

  /** The edited text of a what-if as a subject of its own; undefined where it was not measured. */
  edited(id: string, title: string): { subject: Subject; settings: Settings } | undefined {
    const found = this.whatIf.measured(id);
    const subject = this.#parts.subject.value;
    const sample = found?.samples[0]?.sample;
    if (found === undefined || subject === undefined || sample === undefined) return undefined;
    const kind = sample.kind === "text" ? "text" : subject.sample.kind;
    const { value } = this.#parts.settings;
    const explained = this.#parts.view.shown?.explanation.target;
    return {
      subject: { ...subject, sample: { kind, sample, title, blanked: found.blanked, asked: found.samples } },
      settings: explained === undefined ? value : { ...value, target: sameTarget(value.target, explained) },
    };
  }

  /** A sample that drives a neuron, as a subject of its own; undefined where it is not known any more. */
  neighbour(index: number): { subject: Subject; settings: Settings } | undefined {
    const found = this.layers.neighbour(index);
    const subject = this.#parts.subject.value;
    if (found === undefined || subject === undefined) return undefined;
    const { kind } = subject.sample;
    return {
      subject: { ...subject, sample: { kind, sample: found.sample, title: found.title } },
      settings: this.#parts.settings.value,
    };
  }

  dispose(): void {
    this.cancel();
    this.whatIf.dispose();
    this.layers.dispose();
  }

  async #addTo<Progress>(
    task: RunTask<Progress>,
    found: (explanation: Explanation) => Pick<Explanation, "audit" | "matrix">,
  ): Promise<void> {
    const { view, run } = this.#parts;
    if (run.isUnderWay || view.shown === null || view.stale !== null) return;
    const wanted = view.shown.explanation.runId;
    let explanation: Explanation | null;
    try {
      explanation = await task.run(wanted);
    } catch (error) {
      if (!isRunLost(error)) throw error;
      // The process that had the run is gone; the same settings lead to the same path.
      await run.start({ kind: "explain" });
      const again = view.valid?.explanation;
      const isThere = again === undefined || Object.values(found(again)).some((each) => each !== undefined);
      if (view.phase !== "done" || isThere || task.isRunning) return;
      explanation = await task.run(again.runId);
    }
    const shown = view.valid;
    if (explanation === null || shown?.explanation.runId !== explanation.runId) return;
    const next: Shown = {
      explanation: { ...shown.explanation, ...found(compactExplanation(explanation)) },
      picture: shown.picture,
    };
    view.present(next, false);
    if (next.explanation.status !== "cancelled") await this.#listeners.remember(next);
    this.#listeners.onChange();
  }
}

/** The same classes, also where an edited text is taken for another. */
function sameTarget(wanted: TargetSpec, { index, label }: Explanation["target"]): TargetSpec {
  if (wanted.kind === "predicted" && index !== null) return { kind: "index", index };
  const fits = label.length <= MOST_CHARACTERS;
  return wanted.kind === "expression" && fits ? { ...wanted, expression: label } : wanted;
}
