import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fuzzModel } from "../fuzzModel.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures/", import.meta.url));
const read = (name: string) => new Uint8Array(readFileSync(join(fixtures, name)));

// The smaller the file, the more of the damage hits its structure.
fuzzModel("ONNX, one layer after the other", "model.onnx", read("onnx/audio-dynamo.onnx"), 1500);
fuzzModel("ONNX, with a graph inside", "model.onnx", read("onnx/gated-dynamo.onnx"), 1500);
fuzzModel("ONNX, recurrent", "model.onnx", read("onnx/recurrent-dynamo.onnx"), 1000);
