import type { WorkbenchServer } from "./server.ts";

export interface WorkbenchPage {
  /** Folder to open, absolute. */
  readonly folder?: string;
  /** Extension to run from source, absolute. */
  readonly extension?: string;
  /** Module with `run()` to run in the extension host, absolute. */
  readonly tests?: string;
}

/** URL of a workbench. */
export function workbenchUrl(server: WorkbenchServer, { folder, extension, tests }: WorkbenchPage = {}): string {
  // The authority must be the page's own location.host.
  const remote = (path: string) => `vscode-remote://127.0.0.1:${server.port}${path}`;
  const payload = [
    ...(extension === undefined ? [] : [["extensionDevelopmentPath", remote(extension)]]),
    ...(tests === undefined ? [] : [["extensionTestsPath", remote(tests)]]),
  ];
  const query = new URLSearchParams();
  if (folder !== undefined) query.set("folder", folder);
  if (payload.length > 0) query.set("payload", JSON.stringify(payload));
  return `${server.url}/?${query}`;
}
