import { homedir } from "node:os";
import { join } from "node:path";

/** Where Pathlight keeps what can be fetched or compiled again; one folder a user, shared by extension and command line. */
export function defaultCacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const own = env["PATHLIGHT_CACHE"];
  if (own !== undefined && own !== "") return own;
  if (platform === "win32")
    return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "pathlight", "Cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "pathlight");
  const xdg = env["XDG_CACHE_HOME"];
  return join(xdg !== undefined && xdg !== "" ? xdg : join(homedir(), ".cache"), "pathlight");
}
