import { PathlightError } from "../../common/errors.ts";
import type { BackendInfo, BackendOptions } from "../backendInfo.ts";
import type { PlaceFinding } from "./candidate.ts";
import { deviceName } from "./deviceName.ts";
import { libraryNames } from "./libraryFile.ts";
import { loadTensorFlow } from "./load.ts";
import { namedFolder, searchTensorFlow } from "./search.ts";
import { tryCandidate } from "./usable.ts";
import { installCommand } from "./wheel.ts";

/**
 * Makes the first TensorFlow that works the backend of tfjs. `strict`: a folder that the user names is the only one
 * that is tried; otherwise the other places stand in for it, and the note says so.
 *
 * @throws PathlightError `backend-broken` when one was found and none loads, `backend-unavailable` when none was found.
 */
export async function activateTensorFlow(options: BackendOptions, strict: boolean): Promise<BackendInfo> {
  const failures: PathlightError[] = [];
  const findings: PlaceFinding[] = [];
  for await (const finding of searchTensorFlow(options)) {
    findings.push(finding);
    const isNamed = finding.place === "setting" && namedFolder(options) !== undefined;
    if (finding.candidate !== undefined) {
      const result = await tryCandidate(finding.candidate, options);
      if (!(result instanceof PathlightError)) {
        await loadTensorFlow(result.binding);
        const info = {
          name: "tensorflow" as const,
          version: result.probe.version,
          device: await deviceName(result.probe),
        };
        const note =
          failures[0] === undefined ? undefined : `${failures[0].message} Used instead: ${result.candidate.folder}`;
        return note === undefined ? info : { ...info, note };
      }
      failures.push(result);
    } else if (isNamed) failures.push(namedFolderIsEmpty(finding));
    if (isNamed && strict) break;
  }
  throw failures.find((error) => error.code === "backend-broken") ?? failures[0] ?? notFound(findings);
}

function namedFolderIsEmpty(finding: PlaceFinding): PathlightError {
  return new PathlightError("backend-unavailable", `There is no TensorFlow in ${finding.searched}.`, {
    file: finding.searched,
    expected: `a folder with ${libraryNames()?.c ?? "TensorFlow's library"}`,
    found: finding.missing,
    whatToDo: "Correct the setting `pathlight.tensorflow.path` or PATHLIGHT_TENSORFLOW, or leave it empty.",
  });
}

function notFound(findings: readonly PlaceFinding[]): PathlightError {
  return new PathlightError("backend-unavailable", "TensorFlow was not found.", {
    expected: `${libraryNames()?.c ?? "tensorflow.dll"} in a folder named by PATHLIGHT_TENSORFLOW, in the Python environment, in Pathlight's download or in @tensorflow/tfjs-node`,
    found: findings.map(({ searched, missing }) => `${searched}: ${missing}`).join("; "),
    whatToDo: `Run \`${installCommand()}\`, or use WebAssembly.`,
  });
}
