import { join } from "node:path";
import type { BackendOptions } from "../backendInfo.ts";
import { defaultCacheFolder } from "../cacheFolder.ts";

/** The TensorFlow that Pathlight fetches; any other that is found is used as it is. */
export const tensorflowVersion = "2.21.0";

/** pip's package and platform tag for this machine; undefined where the package holds no C library. */
export function wheel(
  platform: NodeJS.Platform = process.platform,
  arch: NodeJS.Architecture = process.arch,
): { name: string; platform: string } | undefined {
  if (platform === "linux" && arch === "x64") return { name: "tensorflow-cpu", platform: "manylinux_2_27_x86_64" };
  if (platform === "linux" && arch === "arm64") return { name: "tensorflow", platform: "manylinux_2_27_aarch64" };
  if (platform === "darwin" && arch === "arm64") return { name: "tensorflow", platform: "macosx_12_0_arm64" };
  return undefined;
}

/** pip's arguments that name the one wheel; which Python asks does not matter, since only its C library is used. */
export function wheelArguments(): string[] {
  const found = wheel();
  if (found === undefined) return [];
  const fixed = "--no-deps --only-binary=:all: --implementation cp --python-version 3.11 --platform";
  return [...fixed.split(" "), found.platform, `${found.name}==${tensorflowVersion}`];
}

/** The one command that a person can run instead of `installTensorFlow`. */
export function installCommand(options: BackendOptions = {}): string {
  const found = wheel();
  if (found === undefined) return "npm install @tensorflow/tfjs-node";
  const target = join(options.cacheFolder ?? defaultCacheFolder(), `tensorflow-${tensorflowVersion}`);
  return `${options.python ?? "python3"} -m pip install --target ${target} ${wheelArguments().join(" ")}`;
}
