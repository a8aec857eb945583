// Native TensorFlow where this machine can have it; otherwise one line that says what is used instead. Never fails.

import { installTensorFlow } from "../../src/backend/tensorflow/install.ts";
import { errorLine, toPathlightError } from "../../src/common/errors.ts";

let open = false;
let last = "";
try {
  const { candidate, probe } = await installTensorFlow({ onProgress: show });
  end();
  console.log(`TensorFlow ${probe.version} (${probe.gpu ? "GPU" : "CPU"}) from ${candidate.folder}`);
} catch (error) {
  end();
  console.log(`WebAssembly computes here. ${errorLine(toPathlightError(error))}`);
}

/** Progress in place on a terminal; elsewhere one line a step. */
function show(message: string): void {
  if (process.stdout.isTTY) {
    process.stdout.write(`\r\x1b[K${message}`);
    open = true;
  } else {
    const step = message.split(":")[0] ?? message;
    if (step !== last) console.log(step);
    last = step;
  }
}

function end(): void {
  if (open) process.stdout.write("\r\x1b[K");
}
