import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { checkSize } from "../sizeLimit.ts";
import { Value } from "../value.ts";
import { expandTo } from "./expandTo.ts";
import { matMul } from "./matMul.ts";
import { sizeOf } from "./onHost.ts";

/** A tensor whose axes have names: letters, and `0`, `1`, … (from the end) for those that an ellipsis stands for. */
interface Named {
  readonly x: tf.Tensor;
  readonly axes: readonly string[];
}

/** Einstein summation of any number of operands, two at a time, as products of matrices. */
function einsum(context: OpContext): Value {
  const equation = context.attributes.text("equation", "").replaceAll(" ", "");
  const refuse = (found: string) => context.unsupported(`operands that fit the equation ${equation}`, found);
  const [left = "", right] = equation.split("->");
  const terms = left.split(",");
  if (terms.length !== context.inputCount) throw refuse(`${context.inputCount} operands`);
  const operands = terms.map((term, index): Named => {
    const x = context.tensor(index);
    if (x.dtype !== "float32") throw context.unsupported("floating-point numbers", `input ${index} of ${x.dtype}`);
    const axes = axesOf(term, x.rank);
    if (axes.length !== x.rank) throw refuse(`operand ${index} of rank ${x.rank}`);
    return diagonal({ x, axes });
  });
  const sides = sidesOf(operands, refuse);
  const output = outputAxes(right, operands, terms);
  const unknown = output.find((axis) => !sides.has(axis));
  if (unknown !== undefined || new Set(output).size !== output.length) throw refuse(`output ${right}`);
  const shape = output.map((axis) => sides.get(axis) ?? 1);
  checkSize(shape, context.node.name);
  const [first, ...others] = operands;
  if (first === undefined) throw refuse("no operand");
  const contracted = others.reduce((so, next, index) => {
    const later = others.slice(index + 1).flatMap(({ axes }) => axes);
    return contract(so, next, new Set([...output, ...later]), sides);
  }, first);
  const summed = sumAway(contracted, new Set(output));
  return Value.of(tf.clone(expandTo(inOrder(summed, output), shape)));
}

function axesOf(term: string, rank: number): string[] {
  const [before = "", after] = term.split("...");
  if (after === undefined) return [...before];
  const hidden = Math.max(0, rank - before.length - after.length);
  return [...before, ...Array.from({ length: hidden }, (_, i) => `${hidden - 1 - i}`), ...after];
}

/** What the equation asks for; left out: the ellipsis, then the letters that occur once, in their order. */
function outputAxes(right: string | undefined, operands: readonly Named[], terms: readonly string[]): string[] {
  const hidden = [...new Set(operands.flatMap(({ axes }) => axes.filter(isHidden)))].sort(
    (a, b) => Number(b) - Number(a),
  );
  if (right !== undefined) {
    const [before = "", after] = right.split("...");
    return after === undefined ? [...before] : [...before, ...hidden, ...after];
  }
  const letters = terms.flatMap((term) => [...term.replace("...", "")]);
  return [...hidden, ...letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort()];
}

function isHidden(axis: string): boolean {
  return axis >= "0" && axis <= "99";
}

function sidesOf(operands: readonly Named[], refuse: (found: string) => Error): Map<string, number> {
  const sides = new Map<string, number>();
  for (const { x, axes } of operands) {
    for (const [i, axis] of axes.entries()) {
      const [known = 1, side = 1] = [sides.get(axis), x.shape[i]];
      if (known !== 1 && side !== 1 && known !== side) throw refuse(`sides ${known} and ${side} for ${axis}`);
      sides.set(axis, known === 1 ? side : known);
    }
  }
  return sides;
}

/** An axis that is named twice in one operand is walked once, along the diagonal. */
function diagonal({ x, axes }: Named): Named {
  const again = axes.findIndex((axis, i) => axes.indexOf(axis) !== i);
  if (again === -1) return { x, axes };
  const name = axes[again] ?? "";
  const others = axes.map((_, i) => i).filter((i) => axes[i] !== name || (i !== again && i !== axes.indexOf(name)));
  const kept = others.map((i) => x.shape[i] ?? 1);
  const [rows = 1, columns = 1] = [x.shape[axes.indexOf(name)], x.shape[again]];
  if (rows !== columns) throw new Error(`sides ${rows} and ${columns} for ${name} in one operand`);
  const turned = tf.reshape(tf.transpose(x, [...others, axes.indexOf(name), again]), [...kept, rows * rows]);
  const places = Array.from({ length: rows }, (_, i) => i * (rows + 1));
  const walked = tf.gather(turned, tf.tensor1d(places, "int32"), kept.length);
  return diagonal({ x: walked, axes: [...others.map((i) => axes[i] ?? ""), name] });
}

function sumAway({ x, axes }: Named, wanted: ReadonlySet<string>): Named {
  const gone = axes.flatMap((axis, i) => (wanted.has(axis) ? [] : [i]));
  if (gone.length === 0) return { x, axes };
  return { x: tf.sum(x, gone), axes: axes.filter((axis) => wanted.has(axis)) };
}

/** The axes in the given order, a side of 1 where there is none. */
function inOrder({ x, axes }: Named, order: readonly string[]): tf.Tensor {
  const present = order.filter((axis) => axes.includes(axis));
  const turned = tf.transpose(
    x,
    present.map((axis) => axes.indexOf(axis)),
  );
  return tf.reshape(
    turned,
    order.map((axis) => (axes.includes(axis) ? (x.shape[axes.indexOf(axis)] ?? 1) : 1)),
  );
}

/** One operand of two, what is named in neither `kept` nor the other summed up. */
function contract(a: Named, b: Named, kept: ReadonlySet<string>, sides: ReadonlyMap<string, number>): Named {
  const left = sumAway(a, new Set([...kept, ...b.axes]));
  const right = sumAway(b, new Set([...kept, ...a.axes]));
  const shared = left.axes.filter((axis) => right.axes.includes(axis));
  const batch = shared.filter((axis) => kept.has(axis));
  const inner = shared.filter((axis) => !kept.has(axis));
  const rows = left.axes.filter((axis) => !shared.includes(axis));
  const columns = right.axes.filter((axis) => !shared.includes(axis));
  const axes = [...batch, ...rows, ...columns];
  const side = (axis: string) => sides.get(axis) ?? 1;
  if (inner.length === 0) return { x: tf.mul(inOrder(left, axes), inOrder(right, axes)), axes };
  const matrix = (operand: Named, order: readonly string[], free: readonly string[], freeFirst: boolean) => {
    const full = (axis: string) =>
      shared.includes(axis) ? side(axis) : (operand.x.shape[operand.axes.indexOf(axis)] ?? 1);
    const x = expandTo(inOrder(operand, order), order.map(full));
    const [count, width, depth] = [batch, free, inner].map((names) => sizeOf(names.map(full)));
    return tf.reshape(x, [count ?? 1, ...(freeFirst ? [width ?? 1, depth ?? 1] : [depth ?? 1, width ?? 1])]);
  };
  const product = matMul(
    matrix(left, [...batch, ...rows, ...inner], rows, true),
    matrix(right, [...batch, ...inner, ...columns], columns, false),
  );
  const shape = [
    ...batch.map(side),
    ...rows.map((axis) => left.x.shape[left.axes.indexOf(axis)] ?? 1),
    ...columns.map((axis) => right.x.shape[right.axes.indexOf(axis)] ?? 1),
  ];
  return { x: tf.reshape(product, shape), axes };
}

export const einsumOperators: readonly OnnxOperator[] = [operator("Einsum", einsum)];
