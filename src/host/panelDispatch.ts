import { PathlightError } from "../common/errors.ts";
import type { PanelToHost } from "../protocol/panel.ts";
import type { PanelController } from "./panelController.ts";
import type { PanelMessages } from "./panelMessages.ts";
import type { PanelServices } from "./panelServices.ts";
import { samplePath } from "./subject.ts";

/** Does what a message of the panel's page asks for. Runs show their own failures; what this throws went wrong beside them. */
export async function handlePanelMessage(
  message: PanelToHost,
  panel: PanelController,
  messages: PanelMessages,
  services: PanelServices,
): Promise<void> {
  const { subject } = panel;
  switch (message.type) {
    case "ready":
      return messages.ready();
    case "set":
      return panel.set(message.settings);
    case "chooseBaselineFile": {
      const file = await services.chooseBaselineFile();
      // An empty change brings the field back to what holds.
      return panel.set(file === undefined ? {} : { baseline: { kind: "file", path: file } });
    }
    case "chooseTextBaseline": {
      const baseline = await services.chooseTextBaseline(message.what);
      return panel.set(baseline === undefined ? {} : { baseline });
    }
    case "setColumn":
      return panel.setColumn(message.column);
    case "run":
      return panel.phase === "cancelled" ? panel.continue() : panel.explainAgain();
    case "cancel":
      return panel.cancel();
    case "refine":
      return panel.refine(message.tolerance);
    case "tokenPairs":
      return panel.followUps.tokenPairs();
    case "audit":
      return panel.followUps.audit();
    case "cancelAudit":
      return panel.followUps.cancelAudit();
    case "explainSequence":
      return panel.followUps.explainSequence();
    case "discard":
      return panel.discard();
    case "explainLogit":
      return panel.explainLogit();
    case "regrain":
      return panel.regrain(message.grain);
    case "openHistory":
      return services.openHistory(message.id, panel);
    case "deleteHistory":
      return services.history.delete([message.id]);
    case "compare":
      return panel.compare(message.ids);
    case "closeComparison":
      return messages.post({ type: "comparison", comparison: null });
    case "export":
      return services.exportPanel(panel, message.format);
    case "image":
      return messages.captured(message.captureId, message.png);
    case "imageFailed":
      return messages.captureFailed(message.captureId, message.message);
    case "chooseSample":
      return services.chooseSample();
    case "chooseModel":
      return services.chooseModel(panel);
    case "openSample":
      return services.openSample(subject);
    case "openManifest":
      return services.openManifest(subject === undefined ? undefined : samplePath(subject.sample.sample));
    case "showLog":
      return services.log.show();
    case "whatIf":
      return panel.followUps.whatIf.add(message.runId, message.edit);
    case "cancelWhatIf":
      return panel.followUps.whatIf.cancel();
    case "removeWhatIf":
      return panel.followUps.whatIf.remove(message.id);
    case "explainWhatIf":
      return services.explainEdited(panel, message.id, message.title);
    case "askLayers":
      return panel.followUps.layers.ask(message.ask);
    case "cancelLayers":
      return panel.followUps.layers.cancel(message.work);
    case "explainNeighbour":
      return services.explainNeighbour(panel, message.index);
    case "copy":
      return services.copy(message.text);
    case "panelError": {
      const error = new PathlightError("internal", message.message);
      if (message.stack !== undefined) error.stack = message.stack;
      return services.log.error("Panel", error);
    }
  }
}
