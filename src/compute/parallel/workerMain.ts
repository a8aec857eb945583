import { parentPort } from "node:worker_threads";
import { PathlightError } from "../../common/errors.ts";
import { serve } from "../../rpc/channel.ts";
import { workerContract } from "./workerContract.ts";
import { workerHandlers } from "./workerHandlers.ts";

/** Entry of a worker thread: answers the thread that started it. */

const port = parentPort;
if (port === null) throw new PathlightError("usage", "This thread is started by Pathlight, not by hand.");

serve(
  workerContract,
  {
    post: (message) => port.postMessage(message, buffersOf(message)),
    listen: (listener) => port.on("message", listener),
  },
  workerHandlers(),
);

/** The memory of every array in an answer: it is handed over, not copied. */
function buffersOf(message: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(message)) return message.buffer instanceof ArrayBuffer ? [message.buffer] : [];
  if (typeof message !== "object" || message === null) return [];
  return Object.values(message).flatMap(buffersOf);
}
