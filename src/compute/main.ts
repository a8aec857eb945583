import { PathlightError } from "../common/errors.ts";
import { computeContract } from "../protocol/compute.ts";
import { type Port, serve } from "../rpc/channel.ts";
import { computeHandlers } from "./handlers.ts";

/** Entry of the compute process: answers the extension host over the channel that `fork` gave, and ends when that closes. */

function parentPort(): Port {
  if (process.send === undefined) {
    throw new PathlightError("usage", "This process is started by Pathlight, not by hand.");
  }
  return {
    post: (message) => {
      // The parent may be gone in the middle of a run, unnoticed as yet; 'disconnect' below then ends this process.
      if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
    },
    listen: (listener) => process.on("message", listener),
  };
}

const handlers = computeHandlers();
const cancelAll = serve(computeContract, parentPort(), handlers);

process.on("disconnect", () => {
  cancelAll();
  process.exit(0);
});
