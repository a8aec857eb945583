import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { defaultCacheFolder } from "../../../src/backend/cacheFolder.ts";

test("the cache lies where the system keeps caches", () => {
  assert.equal(defaultCacheFolder({}, "linux"), join(homedir(), ".cache", "pathlight"));
  assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: "/c" }, "linux"), join("/c", "pathlight"));
  assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: "" }, "linux"), join(homedir(), ".cache", "pathlight"));
  assert.equal(defaultCacheFolder({}, "darwin"), join(homedir(), "Library", "Caches", "pathlight"));
  assert.equal(defaultCacheFolder({ LOCALAPPDATA: "/l" }, "win32"), join("/l", "pathlight", "Cache"));
  assert.equal(defaultCacheFolder({ PATHLIGHT_CACHE: "/own", XDG_CACHE_HOME: "/c" }, "linux"), "/own");
});
