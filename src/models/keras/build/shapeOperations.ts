import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { Operation } from "../../layers/own/operation.ts";
import type { Shape } from "../../layers/own/ownLayer.ts";
import { unsupported } from "../config/readConfig.ts";
import type { OperationDefinition } from "./operations.ts";

/** A new shape for each row: rows of the batch must stay rows. */
export const reshapeOperation: OperationDefinition = {
  parameters: ["x", "newshape"],
  build: (call, name, kind) => {
    const x = call.operand("x");
    const given = call.option("newshape", z.array(z.int().nullable()).min(1));
    const [batch, ...rest] = given.map((size) => size ?? -1);
    const before = x.shape.slice(1);
    const free = rest.filter((size) => size === -1).length;
    const known = before.every((size) => size !== null);
    const total = before.reduce<number>((product, size) => product * (size ?? 1), 1);
    const fixed = rest.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
    // With [-1, ...] the rows stay when the rest is as large as before; with [batch, ..., -1] they do anyway.
    const keeps =
      !x.constant && known && (free === 0 ? fixed === total : free === 1 && batch !== -1 && total % fixed === 0);
    if (!keeps) throw unsupported(call.node, `a shape [${given.join(", ")}] that may mix rows of the batch`);
    const row = rest.map((size) => (size === -1 ? total / fixed : size));
    return new Operation(name, kind, [null, ...row], (inputs) => {
      const value = x.get(inputs);
      return tf.reshape(value, [value.shape[0] ?? 1, ...row]);
    });
  },
};

const bound = z.int().nullish();
const sliceSchema = z.object({ start: bound, stop: bound, step: bound });
const dots = z.object({ class_name: z.literal("__ellipsis__") });
const keySchema = z.union([z.int(), dots, z.literal("Ellipsis"), sliceSchema, z.null()]);

/** x[:, a, b:c, ::d]: places and ranges; the batch axis must be kept whole. */
export const sliceOperation: OperationDefinition = {
  parameters: ["x", "key"],
  build: (call, name, kind) => {
    const x = call.operand("x");
    const rank = x.shape.length;
    const keys = call.option("key", z.union([keySchema.transform((key) => [key]), z.array(keySchema)]));
    const gap = keys.findIndex(
      (key) => key === "Ellipsis" || (typeof key === "object" && key !== null && "class_name" in key),
    );
    if (x.constant || keys.includes(null)) throw unsupported(call.node, "a new axis");
    const whole = { start: null, stop: null, step: null };
    const missing = rank - (keys.length - (gap < 0 ? 0 : 1));
    const fill = new Array<typeof whole>(Math.max(0, missing)).fill(whole);
    const full = gap < 0 ? [...keys, ...fill] : [...keys.slice(0, gap), ...fill, ...keys.slice(gap + 1)];
    const begin: number[] = [];
    const size: number[] = [];
    const steps: number[] = [];
    const dropped: number[] = [];
    const shape: Shape = [];
    full.forEach((key, axis) => {
      const length = x.shape[axis] ?? null;
      const range =
        typeof key === "number"
          ? { start: key, stop: key === -1 ? null : key + 1, step: 1 }
          : (sliceSchema.safeParse(key).data ?? whole);
      const step = range.step ?? 1;
      const start = range.start ?? 0;
      if (step < 1 || axis >= rank) throw unsupported(call.node, "a step below one");
      const everything = start === 0 && (range.stop ?? null) === null && step === 1;
      if (axis === 0 ? !everything || typeof key === "number" : length === null && !everything) {
        throw unsupported(call.node, `a slice of axis ${axis}, whose size is not fixed`);
      }
      if (everything) {
        begin.push(0);
        size.push(-1);
        steps.push(1);
        shape.push(axis === 0 ? null : length);
        return;
      }
      const end = length ?? 0;
      const clamp = (place: number) => Math.min(end, Math.max(0, place < 0 ? place + end : place));
      const [from, to] = [clamp(start), clamp(range.stop ?? end)];
      begin.push(from);
      size.push(Math.max(0, to - from));
      steps.push(step);
      if (typeof key === "number") dropped.push(axis);
      else shape.push(Math.ceil(Math.max(0, to - from) / step));
    });
    if (size.includes(0)) throw unsupported(call.node, "an empty slice");
    return new Operation(name, kind, shape, (inputs) => {
      const part = tf.slice(x.get(inputs), begin, size);
      const sparse = steps.reduce(
        (value: tf.Tensor, step, axis) => (step === 1 ? value : every(value, axis, step)),
        part,
      );
      return dropped.length === 0 ? sparse : tf.squeeze(sparse, dropped);
    });
  },
};

/** Every `step`-th place of an axis. */
function every(x: tf.Tensor, axis: number, step: number): tf.Tensor {
  const size = x.shape[axis] ?? 1;
  const places = Array.from({ length: Math.ceil(size / step) }, (_, i) => i * step);
  return tf.gather(x, tf.tensor1d(places, "int32"), axis);
}
