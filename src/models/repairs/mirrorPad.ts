import * as tf from "@tensorflow/tfjs-core";
import { gradient, savedTensor } from "./gradient.ts";

/** MirrorPad. tfjs cuts the padding off and forgets what the mirrored values contribute. They are folded back, axis by axis. */
export const mirrorPadGradient = gradient(tf.MirrorPad, ["x"], (dy, saved, attrs) => {
  const x = savedTensor(saved, 0);
  const paddings: unknown = attrs["paddings"];
  const edge = attrs["mode"] === "reflect" ? 1 : 0;
  return {
    x: () =>
      x.shape.reduce((folded, size, axis) => {
        const [before, after] = sides(paddings, axis);
        const middle = part(folded, axis, before, size);
        const left = place(tf.reverse(part(folded, axis, 0, before), axis), axis, edge, size);
        const right = place(
          tf.reverse(part(folded, axis, before + size, after), axis),
          axis,
          size - after - edge,
          size,
        );
        return tf.addN([middle, ...(before > 0 ? [left] : []), ...(after > 0 ? [right] : [])]);
      }, dy),
  };
});

function sides(paddings: unknown, axis: number): [number, number] {
  const pair: unknown = Array.isArray(paddings) ? paddings[axis] : undefined;
  const [before, after]: unknown[] = Array.isArray(pair) ? pair : [];
  return [typeof before === "number" ? before : 0, typeof after === "number" ? after : 0];
}

function part(x: tf.Tensor, axis: number, start: number, length: number): tf.Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? start : 0));
  return tf.slice(
    x,
    begin,
    x.shape.map((size, i) => (i === axis ? length : size)),
  );
}

function place(x: tf.Tensor, axis: number, start: number, size: number): tf.Tensor {
  const after = size - start - (x.shape[axis] ?? 0);
  return tf.pad(
    x,
    x.shape.map((_, i): [number, number] => (i === axis ? [start, after] : [0, 0])),
  );
}
