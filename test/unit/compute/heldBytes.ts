import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Bytes that JavaScript holds on to: heap and buffers, once a collection frees nothing more. One alone is not enough, since
 * a thread of V8's own gives the buffers back a while after it.
 */
export async function heldBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let idle = 0; idle < 3; idle++) {
    collect();
    await delay(20);
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    if (heapUsed + arrayBuffers < least - 1000) idle = 0;
    least = Math.min(least, heapUsed + arrayBuffers);
  }
  return least;
}
