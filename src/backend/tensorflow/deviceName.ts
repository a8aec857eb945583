import { run } from "../childProcess.ts";
import type { Probe } from "./probe.ts";

/** What TensorFlow computes on, for people: `CPU`, or the GPU with the name that its driver gives. */
export async function deviceName(probe: Probe): Promise<string> {
  if (!probe.gpu) return "CPU";
  const { code, stdout } = await run("nvidia-smi", ["--query-gpu=name", "--format=csv,noheader"], {
    timeoutMs: 10_000,
  });
  const name = code === 0 ? stdout.trim().split("\n")[0]?.trim() : undefined;
  return name === undefined || name === "" ? "GPU" : `GPU: ${name}`;
}
