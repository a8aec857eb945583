// Compiles TensorFlow's binding into dist/native/<platform>-<arch>, for a package that needs no compiler where it is used.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindingSources } from "../../src/backend/tensorflow/binding.ts";
import { compileBinding } from "../../src/backend/tensorflow/compileBinding.ts";
import { installTensorFlow } from "../../src/backend/tensorflow/install.ts";
import { errorLine, toPathlightError } from "../../src/common/errors.ts";
import { repository } from "../workbench/install.ts";

const folder = mkdtempSync(join(tmpdir(), "pathlight-binding-"));
try {
  const { candidate } = await installTensorFlow();
  await compileBinding(candidate, bindingSources(), folder);
  const target = join(repository, "dist", "native", `${process.platform}-${process.arch}`);
  cpSync(folder, target, { recursive: true });
  console.log(`TensorFlow's binding is in ${target}`);
} catch (error) {
  // The package compiles it at the first use then, or computes on WebAssembly.
  console.error(`The package goes without a compiled binding. ${errorLine(toPathlightError(error))}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
