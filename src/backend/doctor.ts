import { PathlightError } from "../common/errors.ts";
import type { BackendName, BackendOptions } from "./backendInfo.ts";
import { defaultCacheFolder } from "./cacheFolder.ts";
import { prebuiltBinding } from "./tensorflow/binding.ts";
import type { PlaceFinding, SearchPlace } from "./tensorflow/candidate.ts";
import { compilerCommand, findCompiler } from "./tensorflow/compileBinding.ts";
import { deviceName } from "./tensorflow/deviceName.ts";
import { findPip } from "./tensorflow/install.ts";
import { namedFolder, searchTensorFlow } from "./tensorflow/search.ts";
import { tryCandidate } from "./tensorflow/usable.ts";
import { installCommand, wheel } from "./tensorflow/wheel.ts";
import { wasmFolder } from "./wasm.ts";

/** One place of the search, and what became of what was found there. */
export interface DoctorPlace {
  readonly place: SearchPlace;
  readonly searched: string;
  /** `usable`: it loads. `broken`: it is there and does not. `missing`: it is not there. */
  readonly status: "usable" | "broken" | "missing";
  /** Folder of the library, where there is one. */
  readonly folder?: string | undefined;
  readonly version?: string | undefined;
  /** `CPU` or the GPU's name, where it loads. */
  readonly device?: string | undefined;
  /** Why it is not usable. */
  readonly problem?: string | undefined;
}

/** Something that would make matters better, and the command that does it. */
export interface DoctorFix {
  readonly problem: string;
  readonly command: string;
}

export interface DoctorReport {
  readonly platform: string;
  readonly node: string;
  /** What `auto` takes. */
  readonly chosen: BackendName;
  /** In the order of the search. */
  readonly places: readonly DoctorPlace[];
  /** The C++ compiler that builds the binding; null where there is none. */
  readonly compiler: string | null;
  /** The binding came compiled with the package, so that no compiler is needed. */
  readonly prebuiltBinding: boolean;
  /** Python with pip, which downloads TensorFlow; null where there is none. */
  readonly pip: string | null;
  readonly cacheFolder: string;
  /** Folder of the WebAssembly files; null where they are missing. */
  readonly wasmFolder: string | null;
  readonly fixes: readonly DoctorFix[];
}

/** Looks at every place where TensorFlow can be, tries what is found, and says what would help. Takes seconds. */
export async function doctor(options: BackendOptions = {}): Promise<DoctorReport> {
  const places: DoctorPlace[] = [];
  for await (const finding of searchTensorFlow(options)) places.push(await examine(finding, options));
  const compiler = (await findCompiler()) ?? null;
  const pip = (await findPip(options)) ?? null;
  const wasm = wasmFolder() ?? null;
  const usable = places.some(({ status }) => status === "usable");
  return {
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    chosen: usable ? "tensorflow" : wasm === null ? "cpu" : "wasm",
    places,
    compiler,
    prebuiltBinding: prebuiltBinding() !== undefined,
    pip,
    cacheFolder: options.cacheFolder ?? defaultCacheFolder(),
    wasmFolder: wasm,
    fixes: fixes(options, places, usable, compiler, pip, wasm),
  };
}

/** The backends that `activateBackend` can be asked for on this machine, best first. */
export async function availableBackends(options: BackendOptions = {}): Promise<readonly BackendName[]> {
  const available: BackendName[] = [];
  const strict = namedFolder(options) !== undefined;
  for await (const { candidate, place } of searchTensorFlow(options)) {
    if (candidate !== undefined && !((await tryCandidate(candidate, options)) instanceof PathlightError)) {
      available.push("tensorflow");
      break;
    }
    // Who names a folder is not served from another when TensorFlow is asked for by name.
    if (strict && place === "setting") break;
  }
  if (wasmFolder() !== undefined) available.push("wasm");
  return [...available, "cpu"];
}

async function examine(
  { place, searched, candidate, missing }: PlaceFinding,
  options: BackendOptions,
): Promise<DoctorPlace> {
  if (candidate === undefined) return { place, searched, status: "missing", problem: missing };
  const { folder, version } = candidate;
  const result = await tryCandidate(candidate, options);
  if (result instanceof PathlightError) {
    const { found, whatToDo } = result.details;
    const problem =
      result.code === "backend-broken"
        ? `${result.message} Found ${found}.`
        : `${result.message} ${whatToDo ?? ""}`.trim();
    return { place, searched, status: "broken", folder, version, problem };
  }
  return {
    place,
    searched,
    status: "usable",
    folder,
    version: result.probe.version,
    device: await deviceName(result.probe),
  };
}

function fixes(
  options: BackendOptions,
  places: readonly DoctorPlace[],
  usable: boolean,
  compiler: string | null,
  pip: string | null,
  wasm: string | null,
): readonly DoctorFix[] {
  const list: DoctorFix[] = [];
  const setting = places.find(({ place }) => place === "setting");
  if (setting !== undefined && setting.status !== "usable" && namedFolder(options) !== undefined) {
    list.push({
      problem: `The folder named in the settings, ${setting.searched}, has no TensorFlow that loads.`,
      command: "unset PATHLIGHT_TENSORFLOW",
    });
  }
  if (!usable) {
    const supported = wheel() !== undefined;
    if (supported && compiler === null && prebuiltBinding() === undefined) {
      list.push({
        problem: "There is no C++ compiler to build TensorFlow's binding with.",
        command: compilerCommand(),
      });
    }
    if (supported && pip === null)
      list.push({
        problem: "There is no Python with pip to download TensorFlow.",
        command: "sudo apt-get install python3-pip",
      });
    const broken = places.filter(({ place, status }) => place === "download" && status === "broken");
    for (const { searched } of broken)
      list.push({ problem: `The download ${searched} is broken.`, command: `rm -r ${searched}` });
    list.push({ problem: "TensorFlow is not installed.", command: installCommand(options) });
  }
  if (wasm === null)
    list.push({ problem: "The WebAssembly files are missing.", command: "npm install && npm run build" });
  return list;
}
