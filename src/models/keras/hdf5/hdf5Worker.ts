import { parentPort } from "node:worker_threads";
import { boundMemory } from "./boundMemory.ts";
import type { Hdf5Job, Hdf5Message } from "./hdf5Contents.ts";
import { readContents } from "./readContents.ts";

/**
 * Entry of the worker that parses HDF5. A thread of its own: a file that makes the C library loop or eat memory is ended
 * with the thread, and the memory of WebAssembly, which never shrinks, is given back.
 */
async function main(): Promise<void> {
  if (parentPort === null) return;
  const port = parentPort;
  const send = (message: Hdf5Message, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const memory = boundMemory();
  const h5 = await import("h5wasm");
  await h5.ready;
  port.on("message", (job: Hdf5Job) => {
    memory.allow(job.bytes.byteLength);
    try {
      const contents = readContents(h5, job, () => send({ kind: "progress" }));
      const transfer = contents.datasets.map(({ bytes }) => bytes.buffer);
      send(
        { kind: "contents", contents },
        transfer.filter((buffer) => buffer instanceof ArrayBuffer),
      );
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      // What the C library says of a file is orderly; after a trap nothing in its memory can be trusted.
      const retire = thrown instanceof RangeError || isTrap(thrown) || memory.refused();
      send({ kind: "failed", reason, retire });
    }
  });
  send({ kind: "ready" });
}

function isTrap(thrown: unknown): boolean {
  return thrown instanceof Error && ["RuntimeError", "ExitStatus"].includes(thrown.name);
}

void main();
