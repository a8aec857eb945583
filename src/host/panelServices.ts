import type { BaselineSpec, ExplainRequest, SampleRef } from "../protocol/explain.ts";
import type { Shown } from "../protocol/panel.ts";
import type { ComputeProcess } from "./computeProcess.ts";
import type { History } from "./history.ts";
import type { Log } from "./log.ts";
import type { ChoiceKind } from "./modelChoice.ts";
import type { PanelController } from "./panelController.ts";
import type { Subject } from "./subject.ts";

/** What a panel needs from the rest of the extension. */
export interface PanelServices {
  readonly compute: ComputeProcess;
  readonly history: History;
  readonly log: Log;
  /** Tells the user about a failure that is not the explanation's. */
  notify(what: string, thrown: unknown): void;
  /** Lets the compute process forget a run; does nothing when there is no process. */
  release(runId: string): void;
  /** Fills in the files that the mean baseline is taken over. */
  withMean(request: ExplainRequest, subject: Subject): Promise<ExplainRequest>;
  /** Puts an explanation into the history; its id. */
  remember(shown: Shown, request: ExplainRequest, kind: ChoiceKind): Promise<string>;
  picture(sample: SampleRef): Promise<Shown["picture"]>;
  chooseBaselineFile(): Promise<string | undefined>;
  /** A text that the user types, or a list of stop words that they choose. */
  chooseTextBaseline(what: "text" | "stop-words"): Promise<BaselineSpec | undefined>;
  openHistory(id: string, panel: PanelController): Promise<void>;
  exportPanel(panel: PanelController, format: "png" | "html" | "json"): Promise<void>;
  /** Explains an edited text of a panel in a panel of its own. */
  explainEdited(panel: PanelController, id: string, title: string): Promise<void>;
  /** Explains one of the samples that drive a neuron in a panel of its own. */
  explainNeighbour(panel: PanelController, index: number): Promise<void>;
  copy(text: string): Promise<void>;
  chooseSample(): Promise<void>;
  chooseModel(panel: PanelController): Promise<void>;
  openSample(subject: Subject | undefined): Promise<void>;
  openManifest(file: string | undefined): Promise<void>;
}
