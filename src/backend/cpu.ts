import * as tf from "@tensorflow/tfjs-core";
import type { BackendInfo } from "./backendInfo.ts";

/** The plain JavaScript backend: always there, and slow. */
export async function activateCpu(): Promise<BackendInfo> {
  const { version_cpu } = await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  await tf.ready();
  // Else its first use prints an advertisement for tfjs-node over several lines.
  Object.assign(tf.backend(), { firstUse: false });
  return { name: "cpu", version: version_cpu, device: "CPU · JavaScript" };
}
