import assert from "node:assert/strict";
import test from "node:test";
import { fillCompanion } from "../../../src/compute/companions.ts";
import { modelSchema } from "../../../src/protocol/manifest.ts";
import { createTokenizer, prepareSample } from "../../../src/samples/index.ts";
import { folder, write } from "../samples/support.ts";
import { reference } from "../samples/tokenizerReference.ts";

/** `create_position_ids_from_input_ids` of transformers: padding has padding_idx, the others count on from it. */
function robertaPositions(ids: readonly number[], paddingIndex: number): number[] {
  let seen = 0;
  return ids.map((id) => (id === paddingIndex ? paddingIndex : paddingIndex + ++seen));
}

test("RoBERTa's positions begin behind that of padding, on either side of the text", async () => {
  write("roberta.json", JSON.stringify(reference("roberta").tokenizer));
  for (const padSide of ["right", "left"] as const) {
    const { inputs } = modelSchema.parse({
      name: "roberta",
      path: "model.onnx",
      inputs: [
        {
          kind: "text",
          tokenizer: { type: "huggingface", file: "roberta.json" },
          length: 24,
          padSide,
          positionOffset: 2,
        },
      ],
    });
    const [input] = inputs;
    assert(input?.kind === "text");
    const tokenizer = await createTokenizer(input.tokenizer, folder);
    const text = await prepareSample({ kind: "text", text: "Who wrote it?" }, input, {
      inputShape: [null],
      integer: true,
      tokenizer,
    });
    assert(text.kind === "text");
    const { prepared } = fillCompanion("position_ids", "positions", text, input);
    const ids = [...text.tensor.data];
    assert(ids.includes(1));
    assert.deepEqual([...prepared.tensor.data], robertaPositions(ids, 1));
    const plain = fillCompanion("position_ids", "positions", text, { ...input, positionOffset: undefined });
    assert.deepEqual([...plain.prepared.tensor.data], [...ids.keys()]);
  }
});
