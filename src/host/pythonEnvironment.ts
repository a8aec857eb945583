import { statSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { z } from "zod";
import { settings } from "./settings.ts";

interface Environments {
  getActiveEnvironmentPath(resource?: vscode.Uri): unknown;
}

function isEnvironments(value: unknown): value is Environments {
  return typeof value === "object" && value !== null && "getActiveEnvironmentPath" in value;
}

/** The part of the Python extension's API that is used (`PythonExtension` of microsoft/vscode-python). */
const apiSchema = z.object({ environments: z.custom<Environments>(isEnvironments) });
const pathSchema = z.object({ path: z.string().min(1) });

/** The interpreter to look for TensorFlow in: the setting, else the one chosen in the Python extension if that is running. */
export function activePython(): string | undefined {
  const chosen = settings.pythonPath();
  if (chosen !== undefined) return chosen;
  if (!vscode.workspace.isTrusted) return undefined;
  const extension = vscode.extensions.getExtension("ms-python.python");
  if (extension === undefined || !extension.isActive) return undefined;
  const api = apiSchema.safeParse(extension.exports);
  if (!api.success) return undefined;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const environment = pathSchema.safeParse(api.data.environments.getActiveEnvironmentPath(folder));
  return environment.success ? interpreterOf(environment.data.path) : undefined;
}

/** The API gives an interpreter or the folder of an environment. */
function interpreterOf(location: string): string | undefined {
  const isFolder = statSync(location, { throwIfNoEntry: false })?.isDirectory();
  if (isFolder === undefined) return undefined;
  if (!isFolder) return location;
  return process.platform === "win32" ? path.join(location, "python.exe") : path.join(location, "bin", "python");
}
