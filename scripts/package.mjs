// npm run package: a .vsix for this platform, with TensorFlow's binding compiled where a TensorFlow and a compiler are.
import { rm } from "node:fs/promises";
import path from "node:path";
import { checkNode, ensureDependencies } from "./setup/dependencies.mjs";
import { must, root, runTypeScript } from "./setup/run.mjs";

checkNode();
await ensureDependencies();
await rm(path.join(root, "dist"), { recursive: true, force: true });
await must(process.execPath, ["scripts/build.mjs", "--production"]);
await runTypeScript("scripts/setup/prebuildBinding.ts");
const target = `${process.platform}-${process.arch}`;
await must(process.execPath, [
  "node_modules/@vscode/vsce/vsce",
  "package",
  // The repository has no public address yet that links of the README could point to.
  "--allow-missing-repository",
  "--no-rewrite-relative-links",
  "--target",
  target,
  "--out",
  `pathlight-${target}.vsix`,
]);
