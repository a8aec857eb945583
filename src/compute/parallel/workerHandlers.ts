import { activateBackend } from "../../backend/activate.ts";
import { PathlightError } from "../../common/errors.ts";
import type { LoadedModel } from "../../models/loadedModel.ts";
import { loadModel } from "../../models/loadModel.ts";
import type { Handlers } from "../../rpc/channel.ts";
import { type OpenedPath, openPath } from "../scorePath.ts";
import type { workerContract } from "./workerContract.ts";

/**
 * What a worker does: the same backend, the same model and the same path as the main thread, in memory of its own. A
 * call may come before the one ahead of it is done, and waits for that.
 */
export function workerHandlers(): Handlers<typeof workerContract> {
  let model: Promise<LoadedModel> = Promise.reject(before("open"));
  let path: Promise<OpenedPath> = Promise.reject(before("begin"));
  // Whoever waits for them is told; unobserved they are no error.
  model.catch(ignore);
  path.catch(ignore);
  return {
    open: async ({ path: file, format, fingerprint }) => {
      model = openModel(file, format, fingerprint);
      model.catch(ignore);
      await model;
      return undefined;
    },
    begin: async (description) => {
      const last = path;
      path = last.catch(ignore).then(async (opened) => {
        opened?.dispose();
        return openPath((await model).model, description);
      });
      path.catch(ignore);
      await path;
      return undefined;
    },
    evaluate: async ({ alphas }) => {
      const { f, g } = await (await path).integrand.evaluate(alphas);
      return { f, g: [...g] };
    },
  };
}

async function openModel(
  file: string,
  format: LoadedModel["format"] | undefined,
  fingerprint: string,
): Promise<LoadedModel> {
  await activateBackend("wasm");
  const loaded = await loadModel(file, { format });
  if (loaded.fingerprint === fingerprint) return loaded;
  loaded.model.dispose();
  throw new PathlightError("model-invalid", "The model has changed on disk since it was loaded.", {
    file,
    expected: `fingerprint ${fingerprint}`,
    found: loaded.fingerprint,
    whatToDo: "Explain again.",
  });
}

function before(method: string): PathlightError {
  return new PathlightError("protocol", `A worker was asked before \`${method}\`.`);
}

function ignore(): undefined {
  return undefined;
}
