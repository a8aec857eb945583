import * as vscode from "vscode";
import type { DoctorCheck } from "../protocol/compute.ts";
import type { BackendPreference } from "../protocol/explain.ts";
import type { Services } from "./services.ts";
import { settings } from "./settings.ts";

interface BackendItem extends vscode.QuickPickItem {
  readonly preference?: BackendPreference;
  readonly fix?: string;
  readonly install?: boolean;
}

const icons: Readonly<Record<DoctorCheck["state"], string>> = {
  ok: "pass",
  missing: "circle-slash",
  broken: "error",
  info: "info",
};

/** What `pathlight doctor` prints, as a list to choose from: backends, then what was found and what would mend it. */
export async function chooseBackend(services: Services): Promise<void> {
  const report = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t("Pathlight: looking for backends") },
    () => services.compute.call("doctor", undefined),
  );
  const now = settings.backend();
  const item = (preference: BackendPreference, label: string): BackendItem => {
    const there = preference === "auto" || report.available.includes(preference);
    const { active } = report;
    const inUse = active !== null && active.name === preference ? `${active.version}, ${active.device}` : "";
    return {
      label: `$(${preference === now ? "check" : "blank"}) ${label}`,
      description: there ? inUse : vscode.l10n.t("not available"),
      preference,
    };
  };
  const separator = (label: string): BackendItem => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const picked = await vscode.window.showQuickPick<BackendItem>(
    [
      item("auto", vscode.l10n.t("Automatic: the fastest that is there")),
      item("tensorflow", vscode.l10n.t("TensorFlow, native")),
      item("wasm", vscode.l10n.t("WebAssembly, built in")),
      item("cpu", vscode.l10n.t("JavaScript, slow")),
      separator(vscode.l10n.t("Found on this machine")),
      ...report.checks.map((check) => ({
        label: `$(${icons[check.state]}) ${check.name}`,
        description: check.found,
        ...(check.fix === undefined ? {} : { detail: vscode.l10n.t("To mend it: {0}", check.fix), fix: check.fix }),
      })),
      separator(""),
      { label: `$(cloud-download) ${vscode.l10n.t("Install TensorFlow…")}`, install: true },
    ],
    { title: vscode.l10n.t("Pathlight: choose backend"), matchOnDescription: true },
  );
  if (picked?.preference !== undefined) {
    const target = vscode.workspace.workspaceFolders === undefined ? undefined : vscode.ConfigurationTarget.Workspace;
    const settled = picked.preference === "auto" ? undefined : picked.preference;
    await vscode.workspace
      .getConfiguration("pathlight")
      .update("backend", settled, target ?? vscode.ConfigurationTarget.Global);
    services.panels.active?.useBackend(picked.preference);
  } else if (picked?.install === true) await installTensorFlow(services);
  else if (picked?.fix !== undefined) {
    await vscode.env.clipboard.writeText(picked.fix);
    vscode.window.setStatusBarMessage(vscode.l10n.t("Copied: {0}", picked.fix), 5000);
  }
}

/** Runs `doctor --install` in a terminal, where the user sees what is downloaded and can stop it. */
export async function installTensorFlow(services: Services): Promise<void> {
  const cli = services.context.asAbsolutePath("dist/cli.js");
  const task = new vscode.Task(
    { type: "pathlight", task: "install-tensorflow" },
    vscode.TaskScope.Workspace,
    vscode.l10n.t("Install TensorFlow"),
    "Pathlight",
    new vscode.ProcessExecution(process.execPath, [cli, "doctor", "--install"], {
      env: { ELECTRON_RUN_AS_NODE: "1" },
    }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: true };
  const execution = await vscode.tasks.executeTask(task);
  const ended = vscode.tasks.onDidEndTaskProcess((event) => {
    if (event.execution !== execution) return;
    ended.dispose();
    // The next run looks for TensorFlow anew.
    if (event.exitCode === 0) services.compute.end("TensorFlow was installed");
  });
}
