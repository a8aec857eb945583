import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../opContext.ts";
import { type OnnxOperator, operator } from "../operator.ts";
import { Value } from "../value.ts";

interface Blocks {
  readonly x: tf.Tensor;
  readonly block: number;
  readonly sides: readonly [number, number, number, number];
}

/** [batch, height, width, channels] and the side of a block. */
function blocks(context: OpContext): Blocks {
  const value = context.value(0);
  const [batch = 1, channels = 1, height = 1, width = 1] = value.shape;
  const block = context.attributes.number("blocksize", 1);
  if (value.shape.length !== 4 || block < 1) {
    throw context.unsupported("planes and blocks of 1 and more", `shape [${value.shape.join(", ")}], ${block}`);
  }
  return { x: value.channelsLast(), block, sides: [batch, height, width, channels] };
}

/** DCR: the place in the block is the slower part of a channel's number; CRD: the quicker one. */
function depthToSpace(context: OpContext): Value {
  const { x, block, sides } = blocks(context);
  const [batch, height, width, channels] = sides;
  const left = channels / (block * block);
  if (!Number.isInteger(left)) throw context.unsupported(`channels in blocks of ${block * block}`, `${channels}`);
  const slowest = context.attributes.text("mode", "DCR") === "DCR";
  const apart = tf.reshape(x, [batch, height, width, ...(slowest ? [block, block, left] : [left, block, block])]);
  const turned = tf.transpose(apart, slowest ? [0, 1, 3, 2, 4, 5] : [0, 1, 4, 2, 5, 3]);
  return Value.channelsLast(tf.reshape(turned, [batch, height * block, width * block, left]));
}

function spaceToDepth(context: OpContext): Value {
  const { x, block, sides } = blocks(context);
  const [batch, height, width, channels] = sides;
  const [rows, columns] = [height / block, width / block];
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
    throw context.unsupported(`sides in blocks of ${block}`, `${height} × ${width}`);
  }
  const apart = tf.reshape(x, [batch, rows, block, columns, block, channels]);
  const turned = tf.transpose(apart, [0, 1, 3, 2, 4, 5]);
  return Value.channelsLast(tf.reshape(turned, [batch, rows, columns, block * block * channels]));
}

export const rearrangingOperators: readonly OnnxOperator[] = [
  operator("DepthToSpace", depthToSpace),
  operator("SpaceToDepth", spaceToDepth),
];
