import { randomUniform, sum, type Tensor, tidy, valueAndGrad } from "@tensorflow/tfjs-core";
import type { ExplainService } from "../src/compute/explainService.ts";
import type { BackendPreference } from "../src/protocol/explain.ts";

/** Median milliseconds of a forward pass, and of a forward pass with its gradient, for one picture in a batch of four. */
export async function measureGradient(
  service: ExplainService,
  modelPath: string,
  backend: BackendPreference,
): Promise<{ forwardMs: number; gradientMs: number }> {
  const { loaded } = await service.openModel({ path: modelPath }, backend);
  const { model } = loaded;
  const [input] = model.inputs;
  const [head] = model.heads;
  if (input === undefined || head === undefined) throw new Error("The model has no input or no output.");
  const batch = 4;
  const shape = [batch, ...input.shape.slice(1).map((side) => side ?? 1)];
  const x = randomUniform(shape, 0, 1, "float32", 7);
  const score = (feed: Tensor): Tensor => sum(model.evaluate(new Map([[input.id, feed]]), [head.logit])[0] as Tensor);
  const gradient = valueAndGrad((feed) => score(feed).asScalar());
  const forwardMs = await median(async () => {
    const value = tidy(() => score(x));
    await value.data();
    value.dispose();
  }, batch);
  const gradientMs = await median(async () => {
    const { value, grad } = gradient(x);
    await grad.data();
    value.dispose();
    grad.dispose();
  }, batch);
  x.dispose();
  return { forwardMs, gradientMs };
}

async function median(run: () => Promise<unknown>, batch: number): Promise<number> {
  await run();
  const times: number[] = [];
  for (let i = 0; i < 7; i++) {
    const start = performance.now();
    await run();
    times.push((performance.now() - start) / batch);
  }
  times.sort((a, b) => a - b);
  return times[3] ?? Number.NaN;
}
