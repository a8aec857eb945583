import { PathlightError } from "../../common/errors.ts";
import type { BackendOptions } from "../backendInfo.ts";
import { askPython, pythonCandidates } from "./pythonEnvironment.ts";

export interface TensorFlowPython {
  readonly python: string;
  readonly version: string | null;
}

/**
 * The Python whose TensorFlow the search for backends would take. Throws `backend-unavailable` with what each
 * interpreter said; `whatToDo` is the command that would mend it.
 */
export async function findTensorFlowPython(options: BackendOptions = {}): Promise<TensorFlowPython> {
  const candidates = pythonCandidates(options.python ?? process.env["PATHLIGHT_PYTHON"]);
  const said: string[] = [];
  let present: string | undefined;
  for (const python of candidates) {
    const answer = await askPython(python);
    if (typeof answer === "string") {
      said.push(answer);
      continue;
    }
    if (answer.folder !== null) return { python: answer.executable, version: answer.version };
    present ??= answer.executable;
    said.push(`${answer.executable} (Python ${answer.python}) has no tensorflow package`);
  }
  throw new PathlightError(
    "backend-unavailable",
    "There is no Python with TensorFlow to convert the SavedModel with.",
    {
      expected: "a Python environment with the package tensorflow",
      found: said.join("; "),
      whatToDo: `Run \`${present ?? candidates[0] ?? "python3"} -m pip install tensorflow\`, or name another interpreter in PATHLIGHT_PYTHON (in VS Code: the setting pathlight.python.path).`,
    },
  );
}
