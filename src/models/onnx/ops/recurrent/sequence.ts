import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../../opContext.ts";
import { Value } from "../../value.ts";
import { type Activation, activations } from "./activation.ts";

/** What one direction of a recurrent node computes with. */
export interface Direction {
  /** [inputs, gates·hidden]: weights of the input, gates side by side. */
  readonly inputWeights: tf.Tensor;
  /** [hidden, gates·hidden]. */
  readonly stateWeights: tf.Tensor;
  /** [gates·hidden] each; undefined where the node has no bias. */
  readonly inputBias: tf.Tensor | undefined;
  readonly stateBias: tf.Tensor | undefined;
  /** [3, hidden], of an LSTM that looks at its cells. */
  readonly peepholes: tf.Tensor | undefined;
  readonly activations: readonly Activation[];
  readonly hidden: number;
  /** Limits what goes into an activation. */
  readonly clip: Activation;
}

/** Output first; then what else is carried from step to step, [batch, hidden] each. */
export type State = readonly tf.Tensor[];

export interface Cell {
  readonly gates: number;
  readonly defaults: readonly string[];
  /** Places of the inputs for the initial states. */
  readonly states: readonly number[];
  readonly peepholes?: number;
  /** One step: `projected` is x·W of this step, [batch, gates·hidden], without a bias. */
  readonly step: (projected: tf.Tensor, state: State, direction: Direction) => State;
}

/**
 * RNN, GRU and LSTM: x [steps, batch, inputs], W [directions, gates·hidden, inputs], R [directions, gates·hidden,
 * hidden], B [directions, 2·gates·hidden]. Gives Y [steps, directions, batch, hidden] and the last states [directions,
 * batch, hidden]; with layout 1 the batch comes first in all of them. The input is projected for all steps in one
 * product.
 */
export function runSequence(context: OpContext, cell: Cell): Value[] {
  const { attributes } = context;
  const batchFirst = attributes.flag("layout");
  const x = batchFirst ? tf.transpose(context.tensor(0), [1, 0, 2]) : context.tensor(0);
  const [steps = 0, batch = 1] = x.shape;
  const way = attributes.text("direction", "forward");
  const backwards = way === "forward" ? [false] : way === "reverse" ? [true] : [false, true];
  if (!ways.has(way)) throw context.unsupported([...ways].join(", "), `direction ${way}`);
  if (steps === 0) throw context.unsupported("a sequence of at least one step", "none");
  const named = activations(context, cell.defaults, backwards.length);
  const masks = stepMasks(context, steps, batch);
  const results = backwards.map((reverse, index) => {
    const direction = directionOf(context, cell, index, named);
    const start = cell.states.map((input) => initialState(context, input, index, batch, direction.hidden, batchFirst));
    return runDirection(x, direction, cell, start, masks, reverse);
  });
  const y = tf.stack(
    results.map(({ outputs }) => outputs),
    batchFirst ? 2 : 1,
  );
  const last = cell.states.map((_, i) =>
    tf.stack(
      results.map(({ state }) => state[i] ?? x),
      batchFirst ? 1 : 0,
    ),
  );
  return [batchFirst ? tf.transpose(y, [1, 0, 2, 3]) : y, ...last].map(Value.of);
}

const ways: ReadonlySet<string> = new Set(["forward", "reverse", "bidirectional"]);

function runDirection(
  x: tf.Tensor,
  direction: Direction,
  cell: Cell,
  start: State,
  masks: readonly (tf.Tensor | undefined)[],
  reverse: boolean,
): { readonly outputs: tf.Tensor; readonly state: State } {
  const [steps = 0, batch = 1, inputs = 1] = x.shape;
  const flat = tf.matMul(tf.reshape(x, [steps * batch, inputs]), direction.inputWeights);
  const projected = tf.unstack(tf.reshape(flat, [steps, batch, -1]));
  const outputs: tf.Tensor[] = Array(steps);
  let state = start;
  for (let i = 0; i < steps; i++) {
    const step = reverse ? steps - 1 - i : i;
    const next = cell.step(projected[step] ?? x, state, direction);
    const mask = masks[step];
    const before = state;
    // Behind its end a sequence keeps its state and puts out zero.
    state = mask === undefined ? next : next.map((each, k) => tf.where(mask, each, before[k] ?? each));
    const [output = x] = next;
    outputs[step] = mask === undefined ? output : tf.where(mask, output, tf.zerosLike(output));
  }
  return { outputs: tf.stack(outputs), state };
}

function directionOf(context: OpContext, cell: Cell, index: number, named: readonly Activation[]): Direction {
  const weights = context.value(1);
  const recurrent = context.value(2);
  const hidden = recurrent.shape[2] ?? 1;
  const size = cell.gates * hidden;
  const turned = (value: Value): tf.Tensor =>
    value.derived(`direction ${index}, turned`, (plain) => tf.transpose(part(plain, index)));
  const bias = context.optional(3)?.derived(`direction ${index}`, (plain) => part(plain, index));
  const peepholes = cell.peepholes === undefined ? undefined : context.optional(cell.peepholes);
  const limit = context.attributes.number("clip", 0);
  return {
    inputWeights: turned(weights),
    stateWeights: turned(recurrent),
    inputBias: bias === undefined ? undefined : tf.slice(bias, [0], [size]),
    stateBias: bias === undefined ? undefined : tf.slice(bias, [size], [size]),
    peepholes: peepholes?.derived(`direction ${index}`, (plain) => tf.reshape(part(plain, index), [3, hidden])),
    activations: named.slice(index * cell.defaults.length, (index + 1) * cell.defaults.length),
    hidden,
    clip: limit > 0 ? (value) => tf.clipByValue(value, -limit, limit) : (value) => value,
  };
}

/** One direction of a tensor whose first axis is the directions. */
function part(tensor: tf.Tensor, index: number): tf.Tensor {
  const begin = tensor.shape.map((_, axis) => (axis === 0 ? index : 0));
  const size = tensor.shape.map((side, axis) => (axis === 0 ? 1 : side));
  return tf.reshape(tf.slice(tensor, begin, size), tensor.shape.slice(1));
}

function initialState(
  context: OpContext,
  input: number,
  index: number,
  batch: number,
  hidden: number,
  batchFirst: boolean,
): tf.Tensor {
  const given = context.optional(input)?.plain();
  if (given === undefined) return tf.zeros([batch, hidden]);
  return part(batchFirst ? tf.transpose(given, [1, 0, 2]) : given, index);
}

/** For each step the samples that are not over yet, [batch, 1] of booleans; undefined where all go on. */
function stepMasks(context: OpContext, steps: number, batch: number): (tf.Tensor | undefined)[] {
  const lengths = context.numbers(4) ?? [];
  if (lengths.length > 0 && (lengths.length !== batch || lengths.some((length) => length < 0 || length > steps))) {
    throw context.unsupported(`${batch} lengths of up to ${steps}`, `sequence_lens [${lengths.join(", ")}]`);
  }
  return Array.from({ length: steps }, (_, step) => {
    if (lengths.every((length) => step < length)) return undefined;
    return tf.tensor2d(
      lengths.map((length) => step < length),
      [batch, 1],
      "bool",
    );
  });
}

/** The piece of a gate from gates side by side, [batch, hidden]. */
export function gate(all: tf.Tensor, index: number, count: number, hidden: number): tf.Tensor {
  return tf.slice(all, [0, index * hidden], [all.shape[0] ?? 1, count * hidden]);
}

/** a + b, where b may be left out. */
export function plus(a: tf.Tensor, b: tf.Tensor | undefined): tf.Tensor {
  return b === undefined ? a : tf.add(a, b);
}

/** An activation, which is there because their number was checked. */
export function activation(direction: Direction, index: number): Activation {
  const { activations: all, clip } = direction;
  const f = all[index];
  if (f === undefined) throw new Error("an activation is missing");
  return (x) => f(clip(x));
}
