import * as tf from "@tensorflow/tfjs-core";
import { composedKernel } from "./composedKernel.ts";
import { savedTensor } from "./gradient.ts";

/**
 * Einsum of one or two tensors, which has no gradient in tfjs and no kernel on wasm. It is linear in each operand: the
 * gradient is the product of dy with the other one, its axes named as the operand's. An axis that only the operand has
 * was summed over, so that its gradient is repeated along it.
 */
export const einsumGradient: tf.GradConfig = {
  kernelName: tf.Einsum,
  saveAllInputs: true,
  gradFunc: (dy, saved, attrs) => {
    if (Array.isArray(dy)) throw new Error("Error in gradient of Einsum: more than one output");
    const { operands, output } = parse(attrs["equation"]);
    const gradients = operands.map((own, index) => (): tf.Tensor => {
      const x = savedTensor(saved, index);
      const others = operands.flatMap((names, i) => (i === index ? [] : [{ names, tensor: savedTensor(saved, i) }]));
      const present = new Set([...output, ...others.flatMap(({ names }) => [...names])]);
      const kept = [...own].filter((name) => present.has(name)).join("");
      const part = contract([{ names: output, tensor: dy }, ...others], kept);
      const aligned = tf.reshape(
        part,
        x.shape.map((size, axis) => (present.has(own[axis] ?? "") ? size : 1)),
      );
      return tf.mul(aligned, tf.onesLike(x));
    });
    return Object.fromEntries(gradients.map((each, index) => [String(index), each]));
  },
};

export const einsumKernel = composedKernel(tf.Einsum, "wasm", (inputs, attrs) => {
  const { operands, output } = parse(attrs["equation"]);
  return contract(
    operands.map((names, index) => ({ names, tensor: savedTensor(Object.values(inputs), index) })),
    output,
  );
});

/** A tensor and a letter for each of its axes. */
interface Named {
  readonly names: string;
  readonly tensor: tf.Tensor;
}

function parse(equation: unknown): { operands: string[]; output: string } {
  const [left = "", output] = String(equation).replace(/\s/g, "").split("->");
  const operands = left.split(",");
  const twice = operands.some((names) => new Set(names).size < names.length);
  if (output === undefined || operands.length > 2 || twice || left.includes(".")) {
    throw new Error(`Error in gradient of Einsum: ${String(equation)} is not yet supported`);
  }
  return { operands, output };
}

/**
 * One or two tensors to the axes of `output`, as one matrix product: [batch, left, summed] × [batch, summed, right].
 * Every step has a gradient.
 */
function contract(operands: readonly Named[], output: string): tf.Tensor {
  const [first, second] = operands;
  if (first === undefined) throw new Error("Einsum needs a tensor");
  if (second === undefined) return arrange(reduced(first, output), output);
  const a = reduced(first, output + second.names);
  const b = reduced(second, output + first.names);
  const batch = letters(a.names, (name) => b.names.includes(name) && output.includes(name));
  const summed = letters(a.names, (name) => b.names.includes(name) && !output.includes(name));
  const left = letters(a.names, (name) => !b.names.includes(name));
  const right = letters(b.names, (name) => !a.names.includes(name));
  const sizes = new Map([...axisSizes(a), ...axisSizes(b)]);
  const product = (names: string) => [...names].reduce((size, name) => size * (sizes.get(name) ?? 1), 1);
  const x = tf.reshape(arrange(a, batch + left + summed), [product(batch), product(left), product(summed)]);
  const y = tf.reshape(arrange(b, batch + summed + right), [product(batch), product(summed), product(right)]);
  const names = batch + left + right;
  const tensor = tf.reshape(
    tf.matMul(x, y),
    [...names].map((name) => sizes.get(name) ?? 1),
  );
  return arrange({ names, tensor }, output);
}

function letters(names: string, keep: (name: string) => boolean): string {
  return [...names].filter(keep).join("");
}

function axisSizes({ names, tensor }: Named): [string, number][] {
  return [...names].map((name, axis) => [name, tensor.shape[axis] ?? 1]);
}

/** Sums over the axes that nobody needs. */
function reduced({ names, tensor }: Named, needed: string): Named {
  const axes = [...names].flatMap((name, axis) => (needed.includes(name) ? [] : [axis]));
  return axes.length === 0
    ? { names, tensor }
    : { names: letters(names, (name) => needed.includes(name)), tensor: tf.sum(tensor, axes) };
}

function arrange({ names, tensor }: Named, wanted: string): tf.Tensor {
  if (names === wanted) return tensor;
  return tf.transpose(
    tensor,
    [...wanted].map((name) => names.indexOf(name)),
  );
}
