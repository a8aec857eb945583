/** The backends that compute, best first. */
export const backendNames = ["tensorflow", "wasm", "cpu"] as const;
export type BackendName = (typeof backendNames)[number];

/** What a user asks for; `auto` is the first of `backendNames` that can be had. */
export type BackendPreference = "auto" | BackendName;

export interface BackendInfo {
  readonly name: BackendName;
  /** Of the library that computes: TensorFlow's own version for `tensorflow`, that of tfjs for `wasm` and `cpu`. */
  readonly version: string;
  /** What computed, for people: `CPU`, `GPU: NVIDIA A100`, `CPU · SIMD`. */
  readonly device: string;
  /** One line: why not a better backend. */
  readonly note?: string;
}

export interface BackendOptions {
  /** Folder that holds TensorFlow's library, or an installed `tensorflow` package. Default: environment variable PATHLIGHT_TENSORFLOW. */
  readonly tensorflowPath?: string | undefined;
  /** Python interpreter whose TensorFlow is taken. Default: PATHLIGHT_PYTHON, else `python3` or `python` on PATH. */
  readonly python?: string | undefined;
  /** Folder for downloads and compiled bindings. Default: the user's cache folder, `pathlight` in it. */
  readonly cacheFolder?: string | undefined;
  /** Folders whose node_modules may hold a complete @tensorflow/tfjs-node. Default: the working directory. */
  readonly nodeFolders?: readonly string[] | undefined;
  /** Told when something slow starts, for example the compilation of the binding. */
  readonly onProgress?: ((message: string) => void) | undefined;
}
