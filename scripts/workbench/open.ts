// Opens a folder in the workbench in the browser with Pathlight from this repository. Usage: npm run workbench [folder]
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { installWorkbench, repository } from "./install.ts";
import { startServer } from "./server.ts";
import { workbenchUrl } from "./url.ts";

const folder = resolve(process.argv[2] ?? `${repository}/samples`);
await installWorkbench();
const server = await startServer({
  port: Number(process.env["PORT"] ?? 0),
  settings: { "workbench.startupEditor": "default" },
});
const url = workbenchUrl(server, { folder, extension: repository });
console.log(`\nThe sample workspace is open at\n\n  ${url}\n\nCtrl-C ends it.`);
openInBrowser(url);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => void server.stop().then(() => process.exit(0)));
}

function openInBrowser(address: string): void {
  if (
    process.platform === "linux" &&
    process.env["DISPLAY"] === undefined &&
    process.env["WAYLAND_DISPLAY"] === undefined
  )
    return;
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  // The address is printed above: without an opener nothing is lost.
  spawn(opener, [address], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
