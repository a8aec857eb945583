import { z } from "zod";
import { run } from "../childProcess.ts";

const answerSchema = z.object({
  executable: z.string(),
  python: z.string(),
  folder: z.string().nullable(),
  version: z.string().nullable(),
});

/** What a Python interpreter says about its TensorFlow. */
export type PythonEnvironment = z.infer<typeof answerSchema>;

// Asks for the package's place without importing it, which would take seconds. The working directory is taken off the
// path: a folder of the user's that is called "tensorflow" is not the package.
const question = `
import sys, json
sys.path = [p for p in sys.path if p not in ("", ".")]
import importlib.util, importlib.metadata
spec = importlib.util.find_spec("tensorflow")
folder = next(iter(spec.submodule_search_locations or []), None) if spec else None
version = None
if folder:
    for name in ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-intel", "tensorflow-gpu", "tf-nightly", "tf-nightly-cpu", "tensorflow-cpu-aws"):
        try:
            version = importlib.metadata.version(name)
            break
        except importlib.metadata.PackageNotFoundError:
            pass
print(json.dumps({"executable": sys.executable, "python": "%d.%d.%d" % sys.version_info[:3], "folder": folder, "version": version}))
`;

/** Interpreters to ask, in order: the one that was named, else what PATH has. */
export function pythonCandidates(
  named: string | undefined,
  platform: NodeJS.Platform = process.platform,
): readonly string[] {
  if (named !== undefined && named !== "") return [named];
  return platform === "win32" ? ["python", "py"] : ["python3", "python"];
}

/** Asks one interpreter; a sentence instead of an answer when it does not start or fails. */
export async function askPython(python: string): Promise<PythonEnvironment | string> {
  const { code, stdout, stderr, failure } = await run(python, ["-c", question], { timeoutMs: 20_000 });
  if (failure !== undefined) return `${python} cannot be started (${failure})`;
  if (code !== 0) return `${python} failed: ${stderr.trim().split("\n").at(-1) ?? `exit ${code}`}`;
  try {
    return answerSchema.parse(JSON.parse(stdout));
  } catch {
    return `${python} answered something else than asked`;
  }
}
