import { modelInvalid } from "../disk/modelErrors.ts";
import type { ReadModel } from "../loadModel.ts";

export async function loadOnnx(file: string): Promise<ReadModel> {
  throw modelInvalid(file, "Not read yet.", "", "", "");
}
