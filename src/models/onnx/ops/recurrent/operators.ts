import * as tf from "@tensorflow/tfjs-core";
import type { OpContext } from "../../opContext.ts";
import { type OnnxOperator, operator } from "../../operator.ts";
import { activation, type Cell, type Direction, gate, plus, runSequence, type State } from "./sequence.ts";

/** h' = f(x·W + h·R + b). */
const simpleCell: Cell = {
  gates: 1,
  defaults: ["Tanh"],
  states: [5],
  step: (projected, [h = projected], direction) => {
    const sum = plus(plus(projected, direction.inputBias), direction.stateBias);
    return [activation(direction, 0)(tf.add(sum, tf.matMul(h, direction.stateWeights)))];
  },
};

/** Gates in the order update, reset, hidden. https://onnx.ai/onnx/operators/onnx__GRU.html */
function gruCell(resetAfter: boolean): Cell {
  return { gates: 3, defaults: ["Sigmoid", "Tanh"], states: [5], step };

  function step(projected: tf.Tensor, [h = projected]: State, direction: Direction): State {
    const { hidden, stateWeights, stateBias } = direction;
    const x = plus(projected, direction.inputBias);
    const gates = activation(direction, 0);
    if (resetAfter) {
      const recurrent = plus(tf.matMul(h, stateWeights), stateBias);
      const both = gates(tf.add(gate(x, 0, 2, hidden), gate(recurrent, 0, 2, hidden)));
      const reset = gate(both, 1, 1, hidden);
      const proposed = tf.add(gate(x, 2, 1, hidden), tf.mul(reset, gate(recurrent, 2, 1, hidden)));
      return [mixed(gate(both, 0, 1, hidden), activation(direction, 1)(proposed), h)];
    }
    const all = plus(x, stateBias);
    const both = gates(tf.add(gate(all, 0, 2, hidden), tf.matMul(h, gate(stateWeights, 0, 2, hidden))));
    const reset = tf.mul(gate(both, 1, 1, hidden), h);
    const proposed = tf.add(gate(all, 2, 1, hidden), tf.matMul(reset, gate(stateWeights, 2, 1, hidden)));
    return [mixed(gate(both, 0, 1, hidden), activation(direction, 1)(proposed), h)];
  }
}

/** (1 − z)·proposed + z·h. */
function mixed(z: tf.Tensor, proposed: tf.Tensor, h: tf.Tensor): tf.Tensor {
  return tf.add(proposed, tf.mul(z, tf.sub(h, proposed)));
}

/** Gates in the order input, output, forget, cell. https://onnx.ai/onnx/operators/onnx__LSTM.html */
function lstmCell(coupled: boolean): Cell {
  return { gates: 4, defaults: ["Sigmoid", "Tanh", "Tanh"], states: [5, 6], peepholes: 7, step };

  function step(projected: tf.Tensor, [h = projected, c = projected]: State, direction: Direction): State {
    const { hidden, peepholes } = direction;
    const biased = plus(plus(projected, direction.inputBias), direction.stateBias);
    const all = tf.add(biased, tf.matMul(h, direction.stateWeights));
    const gates = activation(direction, 0);
    /** Peepholes stand in the order input, output, forget. */
    const seen = (index: number, cell: tf.Tensor): tf.Tensor => {
      const own = gate(all, index, 1, hidden);
      return peepholes === undefined ? own : tf.add(own, tf.mul(cell, tf.slice(peepholes, [index, 0], [1, hidden])));
    };
    const input = gates(seen(0, c));
    const forget = coupled ? tf.sub(1, input) : gates(seen(2, c));
    const proposed = activation(direction, 1)(gate(all, 3, 1, hidden));
    const cell = tf.add(tf.mul(forget, c), tf.mul(input, proposed));
    const output = gates(seen(1, cell));
    return [tf.mul(output, activation(direction, 2)(cell)), cell];
  }
}

export const recurrentOperators: readonly OnnxOperator[] = [
  operator("RNN", (context) => runSequence(context, simpleCell)),
  operator("GRU", (context: OpContext) =>
    runSequence(context, gruCell(context.attributes.flag("linear_before_reset"))),
  ),
  operator("LSTM", (context: OpContext) => runSequence(context, lstmCell(context.attributes.flag("input_forget")))),
];
