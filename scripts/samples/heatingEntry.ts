import type { z } from "zod";
import type { modelSchema } from "../../src/protocol/manifest.ts";
import { heatingFeatures } from "./heating.ts";

/** The manifest's entry of the heating model. */
export const heatingEntry: z.input<typeof modelSchema> = {
  name: "heating",
  path: "models/heating/model.json",
  format: "tfjs-layers",
  task: "regression",
  inputs: [{ kind: "tensor", columns: heatingFeatures.map(({ column }) => column) }],
  labels: ["kWh a day"],
  baseline: "mean",
  tolerance: 0.01,
};
