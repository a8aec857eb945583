import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fuzzModel } from "./fuzzModel.ts";
import { digitsGraph } from "./graphFixtures.ts";
import { readFileWeights } from "./modelFiles.ts";

const digits = fileURLToPath(new URL("../../fixtures/oracle/digits/model/", import.meta.url));
const graph = digitsGraph(readFileWeights(digits), true);
const read = (folder: string, name: string) => new Uint8Array(readFileSync(join(folder, name)));

fuzzModel("tfjs layers model", "model.json", read(digits, "model.json"), 2000, [join(digits, "weights.bin")]);
fuzzModel("tfjs graph model", "model.json", read(graph, "model.json"), 2000, [join(graph, "weights.bin")]);
fuzzModel("weights of a tfjs model", "weights.bin", read(digits, "weights.bin"), 300, [join(digits, "model.json")]);
